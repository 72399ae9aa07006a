// The bindings of a request, as JSON. What is accepted is a table: rows of the same length, all positional or all
// named; what is refused has one of the two codes for that. A number that is read as a decimal reads back as itself.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/snowflake/bindings.hpp"
#include "api/snowflake/decimal_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace snowflake = coatcheck::api::snowflake;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto decimal = snowflake::read_decimal(text)) {
    if (decimal->precision > 38 || decimal->scale > decimal->precision) std::abort();
    if (snowflake::read_decimal(decimal->text) != decimal) std::abort();
  }

  boost::system::error_code problem;
  const boost::json::value value = boost::json::parse(text, problem);
  if (problem) return 0;
  const auto bindings = snowflake::read_bindings(value);
  if (!bindings) {
    if (bindings.error().code != "100037" && bindings.error().code != "390142") std::abort();
    return 0;
  }
  const coatcheck::ParameterRows& rows = bindings->rows;
  if (!rows.empty() && (rows.size() < 2 || !bindings->parameters.empty())) std::abort();
  for (const coatcheck::Parameter& parameter : bindings->parameters) {
    if (parameter.name.empty() != bindings->parameters.front().name.empty()) std::abort();
  }
  for (std::size_t i = 0; i != rows.cells().size(); ++i) {
    if (rows.cells()[i].name != rows.row(0)[i % rows.width()].name) std::abort();
  }
  return 0;
}
