#include "results/trouble.hpp"

#include <arrow/status.h>

#include <cerrno>
#include <utility>

namespace coatcheck::results {

namespace {

Error reworded(Error error, Errc code, std::string message) {
  std::string detail = error.detail.empty() ? std::move(error.message) : std::move(error.detail);
  return {.code = code, .message = std::move(message), .detail = std::move(detail), .system = error.system};
}

}  // namespace

Error while_storing(Error error) {
  if (error.code == Errc::resource_exhausted) return error;
  if (error.system == ENOSPC || error.system == EDQUOT) {
    return reworded(std::move(error), Errc::resource_exhausted, "the disk that keeps the results is full");
  }
  return reworded(std::move(error), Errc::io_error, "the result could not be stored");
}

Error while_reading(Error error) {
  switch (error.code) {
    case Errc::not_found: return reworded(std::move(error), Errc::not_found, "there is no such result");
    case Errc::corrupt: return reworded(std::move(error), Errc::corrupt, "the stored result is damaged");
    case Errc::resource_exhausted: return error;
    case Errc::no_outcome:
    case Errc::invalid_argument:
    case Errc::conflict:
    case Errc::gone:
    case Errc::unavailable:
    case Errc::deadline_exceeded:
    case Errc::canceled:
    case Errc::io_error: break;
  }
  return reworded(std::move(error), Errc::io_error, "the stored result could not be read");
}

Error damaged(std::string detail) {
  return {.code = Errc::corrupt, .message = "the stored result is damaged", .detail = std::move(detail)};
}

Error from_arrow(const arrow::Status& status, Errc code, std::string message) {
  if (status.IsOutOfMemory()) {
    return {.code = Errc::resource_exhausted, .message = "out of memory", .detail = status.ToString()};
  }
  return {.code = code, .message = std::move(message), .detail = status.ToString()};
}

}  // namespace coatcheck::results
