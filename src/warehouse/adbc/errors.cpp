#include "warehouse/adbc/errors.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>

namespace coatcheck::warehouse::adbc {

namespace {

constexpr std::size_t message_bytes_max = 8192;

struct Meaning {
  std::string_view begins;  // The SQLSTATE: a class, or all of it.
  FailureCategory category;
  bool retryable;
};

// The first that fits counts. What is not here is a mistake of the statement.
constexpr std::array meanings = {
    Meaning{"08", FailureCategory::unavailable, true},    Meaning{"28", FailureCategory::unavailable, true},
    Meaning{"57014", FailureCategory::canceled, false},   Meaning{"57P05", FailureCategory::unavailable, true},
    Meaning{"57P", FailureCategory::unavailable, true},   Meaning{"57", FailureCategory::unavailable, true},
    Meaning{"53300", FailureCategory::unavailable, true}, Meaning{"53", FailureCategory::resources, true},
    Meaning{"58", FailureCategory::unavailable, true},    Meaning{"42501", FailureCategory::permission, false},
    Meaning{"25006", FailureCategory::permission, false}, Meaning{"40", FailureCategory::statement, true},
    Meaning{"55P03", FailureCategory::statement, true},   Meaning{"HYT", FailureCategory::timeout, true},
    Meaning{"XX", FailureCategory::internal, false},
};

struct Status {
  AdbcStatusCode status;
  std::string_view name;
  FailureCategory category;
  bool retryable;
  std::string_view sqlstate;
};

// What counts where there is no SQLSTATE.
constexpr std::array statuses = {
    Status{ADBC_STATUS_UNKNOWN, "UNKNOWN", FailureCategory::internal, false, ""},
    Status{ADBC_STATUS_NOT_IMPLEMENTED, "NOT_IMPLEMENTED", FailureCategory::statement, false, "0A000"},
    Status{ADBC_STATUS_NOT_FOUND, "NOT_FOUND", FailureCategory::statement, false, "42704"},
    Status{ADBC_STATUS_ALREADY_EXISTS, "ALREADY_EXISTS", FailureCategory::statement, false, "42710"},
    Status{ADBC_STATUS_INVALID_ARGUMENT, "INVALID_ARGUMENT", FailureCategory::statement, false, "42000"},
    Status{ADBC_STATUS_INVALID_STATE, "INVALID_STATE", FailureCategory::statement, false, ""},
    Status{ADBC_STATUS_INVALID_DATA, "INVALID_DATA", FailureCategory::statement, false, "22000"},
    Status{ADBC_STATUS_INTEGRITY, "INTEGRITY", FailureCategory::statement, false, "23000"},
    Status{ADBC_STATUS_INTERNAL, "INTERNAL", FailureCategory::internal, false, ""},
    Status{ADBC_STATUS_IO, "IO", FailureCategory::unavailable, true, ""},
    Status{ADBC_STATUS_CANCELLED, "CANCELLED", FailureCategory::canceled, false, "57014"},
    Status{ADBC_STATUS_TIMEOUT, "TIMEOUT", FailureCategory::timeout, true, ""},
    Status{ADBC_STATUS_UNAUTHENTICATED, "UNAUTHENTICATED", FailureCategory::unavailable, true, "28000"},
    Status{ADBC_STATUS_UNAUTHORIZED, "UNAUTHORIZED", FailureCategory::permission, false, "42501"},
};

struct Phrase {
  std::string_view words;  // All that the warehouse says; * stands for what may be a name out of the statement.
  FailureCategory category;
  bool retryable;
  std::string_view sqlstate;
};

// What some drivers only say in words; here SQLite's.
constexpr std::array phrases = {
    Phrase{"attempt to write a readonly database", FailureCategory::permission, false, "25006"},
    Phrase{"database is locked", FailureCategory::resources, true, "55P03"},
    Phrase{"database table is locked", FailureCategory::resources, true, "55P03"},
    Phrase{"database table is locked: *", FailureCategory::resources, true, "55P03"},
    Phrase{"database schema is locked: *", FailureCategory::resources, true, "55P03"},
    Phrase{"database * is locked", FailureCategory::resources, true, "55P03"},
    Phrase{"database or disk is full", FailureCategory::resources, true, "53100"},
    Phrase{"interrupted", FailureCategory::canceled, false, "57014"},
    Phrase{"no such table: *", FailureCategory::statement, false, "42P01"},
    Phrase{"no such column: *", FailureCategory::statement, false, "42703"},
    Phrase{"near \"*\": syntax error", FailureCategory::statement, false, "42601"},
    Phrase{"fts5: syntax error *", FailureCategory::statement, false, "42601"},
};

// The same of libpq: its last words when a connection is gone, whatever stands before them.
constexpr std::array lost_phrases = {
    Phrase{"*\n\tbefore or while processing the request.", FailureCategory::unavailable, true, "08006"},
    Phrase{"*no connection to the server", FailureCategory::unavailable, true, "08003"},
};

bool fits(std::string_view words, std::string_view phrase) {
  const auto star = phrase.find('*');
  if (star == phrase.npos) return words == phrase;
  const auto tail = phrase.substr(star + 1);
  return words.size() >= star + tail.size() && words.starts_with(phrase.substr(0, star)) && words.ends_with(tail);
}

const Phrase* find_phrase(std::span<const Phrase> among, std::string_view words) {
  const auto found = std::ranges::find_if(among, [&](const Phrase& phrase) { return fits(words, phrase.words); });
  return found == among.end() ? nullptr : &*found;
}

// A message without "Failed to …: ", which the driver puts before the warehouse's words.
std::string_view without_head(std::string_view message) {
  if (!message.starts_with("Failed to ") && !message.starts_with("failed to ")) return message;
  const auto end = message.find(": ");
  return end == message.npos ? message : message.substr(end + 2);
}

std::string detail(const AdbcError& error, std::string_view key) {
  const int count = AdbcErrorGetDetailCount(&error);
  for (int i = 0; i < count; ++i) {
    const AdbcErrorDetail found = AdbcErrorGetDetail(&error, i);
    if (found.key == nullptr || found.value == nullptr || key != found.key) continue;
    const auto* bytes = reinterpret_cast<const char*>(found.value);
    return {bytes, ::strnlen(bytes, found.value_length)};
  }
  return {};
}

// The driver's message less what it wraps around the warehouse's words: that it is a driver, the whole statement.
std::string trimmed(std::string_view words) {
  for (const std::string_view tail :
       {"\n\nQuery was: ", "\nQuery was: ", "\nquery was: ", "\nquery: ", "\n. SQLSTATE: "}) {
    words = words.substr(0, words.find(tail));
  }
  for (const std::string_view head : {"PGRES_FATAL_ERROR]: ", "PGRES_FATAL_ERROR "}) {
    if (const auto at = words.find(head); at != words.npos) words.remove_prefix(at + head.size());
  }
  if (words.starts_with("[")) {
    if (const auto end = words.find("] "); end < 30) words.remove_prefix(end + 2);
  }
  for (const std::string_view level : {"ERROR:  ", "FATAL:  "}) {
    if (words.starts_with(level)) words.remove_prefix(level.size());
  }
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.remove_suffix(1);
  return std::string(words);
}

std::string message_of(const AdbcError& error) {
  std::string primary = detail(error, "PG_DIAG_MESSAGE_PRIMARY");
  if (primary.empty()) return trimmed(error.message == nullptr ? "" : error.message);
  for (const auto* key : {"PG_DIAG_MESSAGE_DETAIL", "PG_DIAG_MESSAGE_HINT"}) {
    if (const auto more = detail(error, key); !more.empty()) primary += "\n" + more;
  }
  return primary;
}

std::string sqlstate_of(const AdbcError& error) {
  const std::string state(error.sqlstate, ::strnlen(error.sqlstate, sizeof error.sqlstate));
  return state.size() == sizeof error.sqlstate && state != "00000" ? state : std::string();
}

// PostgreSQL counts characters from 1.
std::optional<std::uint64_t> position_of(const AdbcError& error, std::string_view statement) {
  const auto text = detail(error, "PG_DIAG_STATEMENT_POSITION");
  std::uint64_t left = std::strtoull(text.c_str(), nullptr, 10);
  if (left == 0) return std::nullopt;
  for (std::uint64_t at = 0; at < statement.size(); ++at) {
    const bool begins_character = (static_cast<unsigned char>(statement[at]) & 0xC0U) != 0x80U;
    if (begins_character && --left == 0) return at;
  }
  return std::nullopt;
}

void classify_by_state(Failure& failure) {
  failure.category = FailureCategory::statement;
  for (const auto& meaning : meanings) {
    if (!failure.sqlstate.starts_with(meaning.begins)) continue;
    failure.category = meaning.category;
    failure.retryable = meaning.retryable;
    break;
  }
  if (failure.sqlstate == "57014" && failure.message.find("timeout") != failure.message.npos) {
    failure.category = FailureCategory::timeout;
  }
}

void classify_by_status(Failure& failure, const Status& status) {
  failure.category = status.category;
  failure.retryable = status.retryable;
  failure.sqlstate = status.sqlstate;
  const Phrase* said = find_phrase(phrases, without_head(failure.message));
  if (said == nullptr && status.status == ADBC_STATUS_IO) said = find_phrase(lost_phrases, failure.message);
  if (said != nullptr) {
    failure.category = said->category;
    failure.retryable = said->retryable;
    failure.sqlstate = said->sqlstate;
  }
  // The driver did not know what to do with an answer that was no error, as of COPY … FROM STDIN.
  if (status.status == ADBC_STATUS_IO && failure.message.ends_with(':')) {
    failure = statement_failure("0A000", "The driver cannot run a statement of this kind.");
  }
}

}  // namespace

Failure read_error(AdbcStatusCode status, const AdbcError& error, const Secrets& secrets, std::string_view statement) {
  const auto found = std::ranges::find(statuses, status, &Status::status);
  const Status& known = found != statuses.end() ? *found : statuses.front();
  Failure failure{.category = FailureCategory::internal,
                  .code = std::string(known.name),
                  .sqlstate = sqlstate_of(error),
                  .message = secrets.hide(message_of(error)).substr(0, message_bytes_max),
                  .retryable = false,
                  .position = position_of(error, statement)};
  const bool has_vendor_code = error.vendor_code != ADBC_ERROR_VENDOR_CODE_PRIVATE_DATA && error.vendor_code != 0;
  if (has_vendor_code) failure.code = std::to_string(error.vendor_code);
  if (failure.sqlstate.empty()) {
    classify_by_status(failure, known);
  } else {
    classify_by_state(failure);
  }
  if (failure.message.empty()) failure.message = "The driver gave no reason.";
  return failure;
}

Failure read_stream_error(ArrowArrayStream& stream, int number, const Secrets& secrets) {
  AdbcStatusCode status = ADBC_STATUS_OK;
  const AdbcError* said = AdbcErrorFromArrayStream(&stream, &status);
  const char* words = stream.get_last_error(&stream);
  if (said != nullptr && said->message != nullptr && status != ADBC_STATUS_OK) {
    return read_error(status, *said, secrets);
  }
  AdbcError plain = ADBC_ERROR_INIT;
  plain.message = const_cast<char*>(words != nullptr ? words : std::strerror(number));
  plain.vendor_code = 0;
  return read_error(number == EINVAL ? ADBC_STATUS_INVALID_DATA : ADBC_STATUS_IO, plain, secrets);
}

bool is_syntax_error(const AdbcError& error) {
  return sqlstate_of(error) == "42601" && !detail(error, "PG_DIAG_STATEMENT_POSITION").empty();
}

Failure statement_failure(std::string_view sqlstate, std::string_view message) {
  return {.category = FailureCategory::statement, .sqlstate = std::string(sqlstate), .message = std::string(message)};
}

Failure internal_failure(std::string_view message) {
  return {.category = FailureCategory::internal, .message = std::string(message)};
}

Failure canceled_failure() {
  return {.category = FailureCategory::canceled, .sqlstate = "57014", .message = "The query was canceled."};
}

Failure timeout_failure() {
  return {.category = FailureCategory::timeout,
          .code = "TIMEOUT",
          .sqlstate = "57014",
          .message = "The query was not ready to run within its timeout."};
}

}  // namespace coatcheck::warehouse::adbc
