# Writes the text of INPUT into a C++ source OUTPUT, in pieces that every compiler takes as string literals.
file(READ "${INPUT}" text HEX)
string(LENGTH "${text}" length)
set(cpp "#include \"api/native/openapi.hpp\"\n\nnamespace coatcheck::api::native {\n\nnamespace {\n\nconstexpr unsigned char bytes[] = {")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${text}")
string(APPEND cpp "${bytes}")
string(APPEND cpp "};\n\n}  // namespace\n\nstd::string_view openapi_json() { return {reinterpret_cast<const char*>(bytes), sizeof(bytes)}; }\n\n}  // namespace coatcheck::api::native\n")
file(WRITE "${OUTPUT}" "${cpp}")
