#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::http {

enum class ContentCoding { identity, gzip, zstd };

// Returns "gzip", …, for Content-Encoding.
std::string_view to_string(ContentCoding coding);

// Returns what an Accept-Encoding likes best; of equals zstd, then gzip. Identity is taken if nothing else is
// wanted and it is not forbidden ("identity;q=0", "*;q=0"). None (406) if nothing is left. What is malformed
// counts as absent: identity.
std::optional<ContentCoding> choose_coding(std::string_view accept_encoding);

// Compresses a body piece by piece, at the fast levels: for bytes made while they are sent. One thread at a
// time. Throws std::bad_alloc, and std::runtime_error if the library refuses.
class Compressor {
 public:
  virtual ~Compressor() = default;

  // Takes all of `in`, and appends what is ready to `out`: perhaps nothing.
  virtual void append(std::string_view in, std::string& out) = 0;
  // Appends all that was held back and the end. Nothing may follow.
  virtual void finish(std::string& out) = 0;
};

// Identity copies.
std::unique_ptr<Compressor> create_compressor(ContentCoding coding);

}  // namespace coatcheck::http
