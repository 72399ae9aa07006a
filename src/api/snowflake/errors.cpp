#include "api/snowflake/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "query/stored_bytes.hpp"

namespace coatcheck::api::snowflake {

namespace {

struct Known {
  std::string_view code;
  std::string_view sqlstate;
};

// Ours: Snowflake has no code that would say this and nothing else.
constexpr Known statement_failed{"990001", "42000"};
constexpr Known out_of_resources{"990002", "53000"};
constexpr Known waited_too_long{"990003", "57014"};
constexpr Known interrupted{"990004", "57P01"};
constexpr Known unavailable{"990005", "08004"};

constexpr Known internal{"000603", "XX000"};

// What a state of the warehouse says in Snowflake's terms.
struct StateOf {
  std::string_view sqlstate;
  Known known;
};
constexpr std::array by_state = {
    StateOf{"42601", {"001003", "42000"}},  // Syntax.
    StateOf{"42P01", {"002003", "42S02"}},  // Unknown table or view.
    StateOf{"3F000", {"002003", "42S02"}},  // Unknown schema.
    StateOf{"42703", {"000904", "42000"}},  // Unknown column.
    StateOf{"42883", {"002139", "42601"}},  // Unknown function.
    StateOf{"22012", {"100051", "22012"}},  // Division by zero.
    StateOf{"22018", {"100038", "22018"}},  // A text that is no number, and the like.
    StateOf{"22003", {"100039", "22003"}},  // Out of range.
    StateOf{"0A000", {"000002", "0A000"}},  // Not supported.
    StateOf{"23505", {"200001", "22000"}},  // A key is there already.
    StateOf{"42501", {"003001", "42501"}},  // Not allowed.
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// What the words tell where the state would mislead: DuckDB has one class for what is missing and what is there.
const Known* by_words(const Failure& failure) {
  static constexpr Known exists{"002002", "42710"};
  static constexpr Known is_null{"100072", "22000"};
  if (failure.code == "Catalog Error" && contains(failure.message, "already exists")) return &exists;
  if (failure.code == "Constraint Error" && contains(failure.message, "NOT NULL constraint failed")) return &is_null;
  return nullptr;
}

// Whether a catalog, schema, table or view is missing, said without a state of its own.
bool misses_an_object(const Failure& failure) {
  if (failure.code != "Catalog Error" && failure.code != "Binder Error") return false;
  const std::string_view words = failure.message;
  const bool names_one =
      contains(words, "Table") || contains(words, "View") || contains(words, "Schema") || contains(words, "Catalog");
  return names_one && contains(words, "does not exist");
}

Known statement_code(const Failure& failure) {
  if (const Known* known = by_words(failure)) return *known;
  const auto found = std::ranges::find(by_state, failure.sqlstate, &StateOf::sqlstate);
  if (found != by_state.end()) return found->known;
  if (misses_an_object(failure)) return {"002003", "42S02"};
  return {statement_failed.code, failure.sqlstate.empty() ? statement_failed.sqlstate : failure.sqlstate};
}

Known code_of(const Failure& failure) {
  switch (failure.category) {
    case FailureCategory::statement: return statement_code(failure);
    case FailureCategory::permission: return {"003001", "42501"};
    case FailureCategory::resources: return out_of_resources;
    case FailureCategory::timeout: return {"000630", "57014"};
    case FailureCategory::queue_timeout: return waited_too_long;
    case FailureCategory::canceled: return {"000604", "57014"};
    case FailureCategory::interrupted: return interrupted;
    case FailureCategory::unavailable: return unavailable;
    case FailureCategory::internal: return internal;
  }
  return internal;
}

bool is_six_digits(std::string_view code) {
  return code.size() == 6 && std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
}

SnowflakeError make(Known known, std::string message, unsigned http_status = 0) {
  return {std::string(known.code), std::string(known.sqlstate), std::move(message), http_status};
}

}  // namespace

SnowflakeError from_failure(const Failure& failure) {
  if (is_six_digits(failure.code)) return {failure.code, failure.sqlstate, failure.message};
  if (failure.category == FailureCategory::canceled) return canceled();
  return make(code_of(failure), failure.message);
}

Failure to_failure(const SnowflakeError& error) {
  return {.category = FailureCategory::statement,
          .code = error.code,
          .sqlstate = error.sqlstate,
          .message = error.message,
          .retryable = error.http_status != 0};
}

Failure stopped_failure() {
  return {.category = FailureCategory::canceled, .sqlstate = "57014", .message = "the statement was stopped"};
}

SnowflakeError from_error(const Error& error) {
  switch (error.code) {
    case Errc::invalid_argument: {
      std::string message = error.field.empty() ? error.message : error.field + ": " + error.message;
      return {"390142", "", std::move(message)};
    }
    case Errc::not_found: return {"000709", "02000", error.message};
    case Errc::gone: return {"000710", "02000", error.message};
    case Errc::conflict: return {"990001", "55000", error.message};
    case Errc::resource_exhausted:
      // A client that comes again for a 429 would do so until results expire.
      if (error.field == query::storage_full) return make(out_of_resources, error.message);
      return {"390505", "53000", error.message, 429};
    case Errc::unavailable:
    case Errc::deadline_exceeded: return make(unavailable, error.message, 503);
    case Errc::canceled: return canceled();
    case Errc::no_outcome:
    case Errc::corrupt:
    case Errc::io_error: break;
  }
  return make(internal, "The server could not do this; its log says why.");
}

bool is_authentication(const SnowflakeError& error) {
  const std::string_view code = error.code;
  return code != "390142" &&
         (code.starts_with("3901") || code.starts_with("3903") || code.starts_with("3943") || code.starts_with("3944"));
}

SnowflakeError wrong_credentials() { return {"390100", "", "Incorrect username or password was specified."}; }
SnowflakeError missing_token() { return {"390101", "", "Authorization header not found in the request data."}; }
SnowflakeError unusable_token() { return {"390104", "", "User must login again to access the service."}; }
SnowflakeError session_gone() {
  return {"390111", "", "Session no longer exists. New login required to access the service."};
}
SnowflakeError session_expired() { return {"390112", "", "Your session has expired. Please login again."}; }
SnowflakeError missing_master_token() {
  return {"390113", "", "Master token not found. The user must authenticate again."};
}
SnowflakeError master_token_expired() {
  return {"390114", "", "Authentication token has expired.  The user must authenticate again."};
}
SnowflakeError invalid_master_token() {
  return {"390115", "", "Master token is invalid. The user must authenticate again."};
}
SnowflakeError invalid_payload() { return {"390142", "", "Incoming request does not contain a valid payload."}; }
SnowflakeError not_executing() { return {"000605", "01000", "Identified SQL statement is not currently executing."}; }
SnowflakeError canceled() { return {"000604", "57014", "SQL execution canceled"}; }

SnowflakeError no_such_statement(std::string_view id) {
  return {"000709", "02000", fmt::format("Statement {} not found", id)};
}
SnowflakeError result_expired(std::string_view id) {
  return {"000710", "02000", fmt::format("Result for query {} has expired", id)};
}
SnowflakeError no_result_of_failed(std::string_view id) {
  return {"000711", "02000", fmt::format("Query {} has no result because it failed", id)};
}
SnowflakeError unsupported(std::string_view feature) {
  return {"000002", "0A000", fmt::format("Unsupported feature '{}'.", feature)};
}

SnowflakeError too_many_requests() { return {"390505", "53000", "Too many requests.", 429}; }

}  // namespace coatcheck::api::snowflake
