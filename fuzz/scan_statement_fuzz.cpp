// Any text as a statement: its tokens are all of it but white space, in both dialects; what is found of ours lies in
// order within it, is still found once its session has named the queries.
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "scan/recognizer.hpp"
#include "scan/tokenizer.hpp"

namespace scan = coatcheck::scan;

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

void expect_only_space(std::string_view text) {
  for (const char c : text) expect(std::isspace(static_cast<unsigned char>(c)) != 0);
}

void check_tokens(std::string_view text, scan::Dialect dialect) {
  scan::Tokenizer tokenizer(text, dialect);
  std::size_t end = 0;
  while (const auto token = tokenizer.next()) {
    expect(token->begin >= end && token->end > token->begin && token->end <= text.size());
    expect(token->closed || token->end == text.size());
    expect_only_space(text.substr(end, token->begin - end));
    end = token->end;
    if (const auto value = scan::string_value(text, *token, dialect))
      expect(value->size() <= token->end - token->begin);
  }
  expect_only_space(text.substr(end));

  for (const auto statement : scan::split_statements(text, dialect)) {
    expect(statement.data() >= text.data() && statement.data() + statement.size() <= text.data() + text.size());
    expect(!scan::tokenize(statement, dialect).empty());
  }
  scan::first_word(text, dialect);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_tokens(text, scan::Dialect::duckdb);
  check_tokens(text, scan::Dialect::snowflake);

  const std::vector<coatcheck::Parameter> parameters = {{.value = std::string("an id")}, {.value = std::int64_t{-1}}};
  scan::poll(text, parameters);
  scan::whole_result(text);
  const auto recognized = scan::recognize(text, &parameters, {});
  if (recognized) {
    expect(!recognized->references.empty());
    std::size_t end = 0;
    for (const auto& reference : recognized->references) {
      expect(reference.bytes.begin >= end && reference.bytes.end > reference.bytes.begin);
      end = reference.bytes.end;
      expect(end <= text.size());
    }
    for (const auto& placeholder : recognized->placeholders) expect(placeholder.bytes.end <= text.size());
  }
  if (!scan::reads_stored(text)) return 0;
  const auto named = scan::name_session_queries(text, [](std::int64_t) { return coatcheck::QueryId{}; });
  expect(named && scan::reads_stored(*named));
  return 0;
}
