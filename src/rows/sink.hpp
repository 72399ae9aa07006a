#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <string>

namespace coatcheck::rows {

// An Arrow stream that appends to the string it is lent. Arrow's writers keep the stream; our callers bring
// a new string with every call.
class StringSink final : public arrow::io::OutputStream {
 public:
  // Lends the sink a string for as long as the loan lives. What an abandoned writer still writes when it is
  // destroyed finds no string and fails.
  class Loan {
   public:
    Loan(StringSink& sink, std::string& out) : sink_(sink) { sink_.out_ = &out; }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { sink_.out_ = nullptr; }

   private:
    StringSink& sink_;
  };

  arrow::Status Close() override;
  bool closed() const override { return is_closed_; }
  arrow::Result<std::int64_t> Tell() const override { return written_; }
  arrow::Status Write(const void* data, std::int64_t bytes) override;
  using arrow::io::OutputStream::Write;

 private:
  std::string* out_ = nullptr;
  std::int64_t written_ = 0;
  bool is_closed_ = false;
};

}  // namespace coatcheck::rows
