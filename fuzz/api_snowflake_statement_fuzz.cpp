// A request with a statement, as both of Snowflake's doors read it: the first byte says whether the body is gzip, the
// rest of the first line is the query, what follows the body. What is accepted is within the limits; what is refused
// has a code. The statement goes on into the session language and is parted where several are announced.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/snowflake/session_language.hpp"
#include "api/snowflake/statement_type.hpp"
#include "api/snowflake_driver/statement_asked.hpp"
#include "api/snowflake_sql_api/statement_asked.hpp"
#include "scan/tokenizer.hpp"

namespace {

namespace api = coatcheck::api;

coatcheck::http::Request request_of(std::string_view data) {
  coatcheck::http::Request request;
  const std::size_t line = std::min(data.find('\n'), data.size());
  if (!data.empty() && data.front() == 'z') request.fields.push_back({"Content-Encoding", "gzip"});
  request.query = data.substr(std::min<std::size_t>(1, line), line > 0 ? line - 1 : 0);
  request.body = data.substr(std::min(line + 1, data.size()));
  return request;
}

void check(const std::string& text, const api::snowflake::Settings& settings) {
  const auto count = api::snowflake::statement_count(text, settings);
  if (count && (*count == 0 || *count > api::snowflake::statements_max)) std::abort();
  if (count && *count > 1 && coatcheck::scan::split_statements(text).size() != *count) std::abort();
  if (!count && count.error().code.size() != 6) std::abort();
  const auto statement = api::snowflake::read_session_statement(text);
  if (!statement) return;
  api::snowflake::SessionState state;
  if (api::snowflake::change_state(*statement, state)) {
    const auto answered = api::snowflake::answer(*statement, state, {});
    if (answered && *answered == nullptr) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const api::snowflake_driver::Limits driver_limits{.statement_bytes_max = 4'096};
  auto of_driver = request_of(text);
  if (const auto asked = api::snowflake_driver::read_statement(of_driver, driver_limits)) {
    if (asked->text.size() > driver_limits.statement_bytes_max) std::abort();
    check(asked->text, asked->settings);
  } else if (asked.error().code.size() != 6) {
    std::abort();
  }

  const api::snowflake_sql_api::Limits sql_api_limits{.statement_bytes_max = 4'096};
  auto of_sql_api = request_of(text);
  if (const auto asked = api::snowflake_sql_api::read_statement(of_sql_api, sql_api_limits)) {
    if (asked->text.size() > sql_api_limits.statement_bytes_max) std::abort();
    if (asked->query_tag.size() > sql_api_limits.query_tag_bytes_max) std::abort();
    check(asked->text, asked->state.parameters);
  } else if (asked.error().code.size() != 6) {
    std::abort();
  }
  return 0;
}
