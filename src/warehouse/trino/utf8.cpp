#include "warehouse/trino/utf8.hpp"

#include <arrow/util/utf8.h>

namespace coatcheck::warehouse::trino {

bool is_utf8(std::string_view text) {
  // Without its tables Arrow takes everything for valid.
  static const bool has_tables = (arrow::util::InitializeUTF8(), true);
  return has_tables && arrow::util::ValidateUTF8(text);
}

}  // namespace coatcheck::warehouse::trino
