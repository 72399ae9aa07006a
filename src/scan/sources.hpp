#pragma once

#include <memory>
#include <string>

#include "scan/history_rows.hpp"
#include "scan/stored.hpp"
#include "warehouse/connector.hpp"

// What is scanned, as inputs of the engine. Of this room alone.
namespace coatcheck::scan {

// A name that nobody can guess: 32 hexadecimal digits.
std::string make_input_name();

// The rows of a stored result. Fails if it has no columns.
warehouse::Outcome<warehouse::Input> input_of(Stored::Reader result, QueryId id);

// The rows of a history.
warehouse::Input input_of(const Stored::Entries& entries, const HistoryRowsOptions& options);

}  // namespace coatcheck::scan
