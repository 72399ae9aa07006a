#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "async/task.hpp"
#include "base/files.hpp"
#include "base/result.hpp"

namespace coatcheck::http {

enum class Verb { get, head, post, put, patch, del, options, other };

struct Field {
  std::string name;
  std::string value;
};

// One request, read to its end. Names of fields compare without case.
struct Request {
  Verb verb = Verb::get;
  std::string target;  // As sent: "/v1/queries/…?wait=30s".
  std::string path;    // Of the target, still percent-encoded.
  std::string query;   // Of the target, without "?"; still encoded.
  std::vector<Field> fields;
  std::string body;
  std::vector<std::string> captures;  // What the route's {…} matched, decoded, in order.
  std::string peer;                   // Address of the other end, without port.
  bool over_tls = false;

  // The field's value; a field sent more than once is joined by ", " (RFC 9110 5.3). Empty means absent or
  // empty, which no field here tells apart.
  std::string field(std::string_view name) const;
  bool has(std::string_view name) const;

  // The query's parameters, percent-decoded, in order; Errc::invalid_argument for broken encoding.
  Result<std::vector<std::pair<std::string, std::string>>> parameters() const;
};

// Bytes made while they are sent. The session asks for the next piece when the one before is on its way,
// so a slow client slows the source.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Returns the next piece, empty at the end. An error cuts the connection, so that the client cannot
  // take what it has for the whole.
  virtual async::Task<Result<std::string>> next() = 0;
};

// A part of a file, sent with sendfile(2). `owner` keeps the file open.
struct FileSlice {
  std::shared_ptr<const void> owner = {};
  int descriptor = -1;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// A body of known length, laid out as text and file parts one after the other.
using Segment = std::variant<std::string, FileSlice>;

struct Response {
  int status = 200;
  std::vector<Field> fields;  // Without Content-Length, Transfer-Encoding, Connection, Date: the session's business.
  std::variant<std::string, std::unique_ptr<BodySource>, std::vector<Segment>> body;
};

}  // namespace coatcheck::http
