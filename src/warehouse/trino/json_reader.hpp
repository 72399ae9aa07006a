#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::warehouse::trino {

// Reads JSON (RFC 8259) from front to back, value by value, without a tree of it: rows come by the hundred megabytes,
// and a number keeps its digits.
//
// After the first mistake in the text every call returns nothing, and failed() says so.
class JsonReader {
 public:
  // Deeper nesting is a mistake.
  static constexpr int depth_max = 64;

  enum class Kind { null, boolean, number, string, array, object, wrong };

  // The text must stay while it is read.
  explicit JsonReader(std::string_view text) : text_(text) {}

  bool failed() const { return failed_; }
  // Where the next value begins, or the mistake is.
  std::size_t position() const { return at_; }
  // Whether nothing but white space is left.
  bool at_end();

  // Says what comes next.
  Kind peek();

  // Each reads one value of its kind.
  bool null();
  std::optional<bool> boolean();
  std::optional<std::string_view> number();  // Its characters, as they are written.
  std::optional<std::string_view> string();  // Valid UTF-8, unescaped; good until the next call.

  // `if (array()) while (more_elements()) …` reads an element each time; likewise members, by their name and value.
  bool array() { return enter('['); }
  bool more_elements() { return more(']'); }
  bool object() { return enter('{'); }
  std::optional<std::string> more_members();

  // Reads one value of any kind and returns its text.
  std::optional<std::string_view> skip();

 private:
  void skip_space();
  bool enter(char open);
  bool more(char close);
  bool word(std::string_view expected);
  bool skip_string();
  bool unescape(std::string_view raw);
  std::nullopt_t fail();

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool fresh_ = false;  // Nothing has been read since a bracket was opened.
  bool failed_ = false;
  std::string scratch_;
};

}  // namespace coatcheck::warehouse::trino
