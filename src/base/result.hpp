#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace coatcheck {

// What kind of trouble, in terms of what the caller can do about it.
enum class Errc {
  no_outcome,          // Nothing has been decided yet; only a default-made Result holds this.
  invalid_argument,    // The input is wrong and would be wrong again; `field` may name the part.
  not_found,           // There is no such thing, or the asker may not know of it.
  conflict,            // The thing exists in a state that does not allow this.
  gone,                // It was there once and has been let go on purpose.
  resource_exhausted,  // A limit is reached; later may work.
  unavailable,         // Shutting down, or something needed is not there now.
  deadline_exceeded,   // The time given was over first.
  canceled,            // Somebody asked for it to stop.
  corrupt,             // Stored bytes are not what was written.
  io_error,            // The operating system refused; the message has its words.
};

// Returns the enumerator's own spelling, for logs.
const char* to_string(Errc code);

// Why something expected did not work. A value; see Result.
struct [[nodiscard]] Error {
  Errc code = Errc::no_outcome;
  std::string message = "no outcome";
  // The part of the input that is at fault ("parameters[2].type"), or empty.
  std::string field = {};
  // For the log only, never for a client: paths, the system's words. May be empty.
  std::string detail = {};
  // The errno value behind it, or 0.
  int system = 0;
};

// Returns an io_error with `what` and the words of errno value `number`.
Error io_error(std::string what, int number);

// Either a T or the reason why there is none.
//
// Default-made it is an error, because Asio default-constructs the outcomes of raced and spawned
// coroutines. Check with `if (!result)`, then use `*result`; both directions are asserted.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;

  Result() = default;
  Result(T value) : outcome_(std::in_place_index<1>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(E error) : outcome_(std::in_place_index<0>, std::move(error)) {}  // NOLINT: implicit on purpose

  explicit operator bool() const { return outcome_.index() == 1; }

  T& operator*() & { return value(); }
  const T& operator*() const& { return const_cast<Result*>(this)->value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &const_cast<Result*>(this)->value(); }

  const E& error() const& {
    assert(outcome_.index() == 0);
    return *std::get_if<0>(&outcome_);
  }
  E&& error() && {
    assert(outcome_.index() == 0);
    return std::move(*std::get_if<0>(&outcome_));
  }

 private:
  T& value() {
    assert(outcome_.index() == 1);
    return *std::get_if<1>(&outcome_);
  }

  std::variant<E, T> outcome_;
};

// An outcome that carries nothing but whether it worked.
template <class E>
class [[nodiscard]] Result<void, E> : public Result<std::monostate, E> {
 public:
  using Result<std::monostate, E>::Result;
  static Result ok() {
    Result result;
    static_cast<Result<std::monostate, E>&>(result) = std::monostate{};
    return result;
  }
};

}  // namespace coatcheck
