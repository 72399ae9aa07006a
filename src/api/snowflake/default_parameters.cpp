#include "api/snowflake/default_parameters.hpp"

#include <array>

namespace coatcheck::api::snowflake {

std::span<const DefaultParameter> default_parameters() {
  using enum ParameterValue::Type;
  // Telemetry and staged bindings are off: both would go to a cloud that is not there. For bindings that is a number of
  // values which is never reached: most drivers take 0 for never, but Node takes it for always. JDBC fails without
  // CLIENT_RESULT_CHUNK_SIZE and AUTOCOMMIT.
  static constexpr std::array<DefaultParameter, 23> parameters = {{
      {"AUTOCOMMIT", boolean, "true"},
      {"BINARY_OUTPUT_FORMAT", text, "HEX"},
      {"CLIENT_MEMORY_LIMIT", number, "1536"},
      {"CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED", boolean, "false"},
      {"CLIENT_PREFETCH_THREADS", number, "4"},
      {"CLIENT_RESULT_CHUNK_SIZE", number, "160"},
      {"CLIENT_SESSION_KEEP_ALIVE", boolean, "false"},
      {"CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", number, "3600"},
      {"CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", number, "2147483647"},
      {"CLIENT_TELEMETRY_ENABLED", boolean, "false"},
      {"CLIENT_TIMESTAMP_TYPE_MAPPING", text, "TIMESTAMP_LTZ"},
      {"DATE_OUTPUT_FORMAT", text, "YYYY-MM-DD"},
      {"MULTI_STATEMENT_COUNT", number, "1", false},
      {"QUERY_CONTEXT_CACHE_SIZE", number, "5"},
      {"QUERY_TAG", text, "", false},
      {"STATEMENT_TIMEOUT_IN_SECONDS", number, "0", false},
      {"TIMESTAMP_LTZ_OUTPUT_FORMAT", text, ""},
      {"TIMESTAMP_NTZ_OUTPUT_FORMAT", text, "YYYY-MM-DD HH24:MI:SS.FF3"},
      {"TIMESTAMP_OUTPUT_FORMAT", text, "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM"},
      {"TIMESTAMP_TZ_OUTPUT_FORMAT", text, ""},
      {"TIMEZONE", text, "UTC"},
      {"TIME_OUTPUT_FORMAT", text, "HH24:MI:SS"},
      {"VALIDATE_DEFAULT_PARAMETERS", boolean, "false"},
  }};
  return parameters;
}

}  // namespace coatcheck::api::snowflake
