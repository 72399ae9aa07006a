#pragma once

#include <arrow/api.h>

#include <memory>
#include <string>
#include <string_view>

#include "warehouse/trino/json_reader.hpp"
#include "warehouse/trino/temporal.hpp"
#include "warehouse/trino/type.hpp"

namespace coatcheck::warehouse::trino {

// Appends values of one type, read from JSON, to a builder of its Arrow type.
class Appender {
 public:
  virtual ~Appender() = default;

  // Reads one value; false if it is not of the type. Then `trouble` may say more than that.
  virtual bool append(JsonReader& json) = 0;

  // The same for a value that is given as text: the key of a map.
  virtual bool append_text(std::string_view text) = 0;
};

// What the appenders of one table share.
struct Shared {
  Zones zones;
  std::string trouble;
};

// The builder and `shared` must outlive the appender.
std::unique_ptr<Appender> make_appender(const Type& type, arrow::ArrayBuilder& builder, Shared& shared);

}  // namespace coatcheck::warehouse::trino
