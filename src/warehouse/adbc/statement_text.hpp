#pragma once

#include <string>
#include <string_view>

namespace coatcheck::warehouse::adbc {

// What can be told of a statement without knowing whose SQL it is. Comments (-- and /* */) and what stands in quotes
// ('', "", ``, []) are passed over; nothing else is understood.

// Returns a word with its ASCII letters in upper case.
std::string upper(std::string_view word);

// Returns its first word in upper case, after opening parentheses; empty if there is none.
std::string first_word(std::string_view text);

// Whether `word`, in upper case, occurs.
bool has_word(std::string_view text, std::string_view word);

// Whether anything follows a semicolon.
bool has_second_statement(std::string_view text);

// Whether it makes a trigger, which holds statements with semicolons of their own.
bool creates_trigger(std::string_view text);

// Whether the first word is that of a statement that changes something.
bool is_change(std::string_view first_word);

// Whether it is that of a statement that changes rows and counts them.
bool counts_rows(std::string_view first_word);

}  // namespace coatcheck::warehouse::adbc
