#pragma once

#include <string>
#include <string_view>

#include "rows/text/scratch.hpp"

namespace coatcheck::rows::text {

// Every function below replaces what is not UTF-8 by U+FFFD (one for each maximal piece of a sequence, as
// Unicode recommends), for both formats promise UTF-8.

// Writes a JSON string with its quotes.
char* write_json_string(char* at, Scratch& scratch, std::string_view text);
std::string json_string(std::string_view text);

// Writes a CSV field, in quotes only if it holds a quote, a comma or a line end, or is empty: a field
// that is empty without quotes is NULL.
char* write_csv_field(char* at, Scratch& scratch, std::string_view text);
std::string csv_field(std::string_view text);

// Writes base64 with padding (RFC 4648).
char* write_base64(char* at, Scratch& scratch, std::string_view bytes);

// Writes 16 bytes as "00112233-4455-6677-8899-aabbccddeeff".
char* write_uuid(char* at, const unsigned char* bytes);

}  // namespace coatcheck::rows::text
