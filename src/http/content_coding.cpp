#include "http/content_coding.hpp"

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <stdexcept>
#include <vector>

#include "http/field_text.hpp"

namespace coatcheck::http {

namespace {

constexpr int gzip_level = 1;
constexpr int zstd_level = 1;
constexpr std::size_t step_bytes = 32 * 1024;

// The weight given to a coding, by name or else by "*"; none if neither is there.
std::optional<int> weight_of(const std::vector<Weighted>& wanted, std::string_view coding) {
  std::optional<int> by_star;
  for (const Weighted& each : wanted) {
    if (equal_without_case(each.value, coding)) return each.weight;
    if (coding == "gzip" && equal_without_case(each.value, "x-gzip")) return each.weight;
    if (each.value == "*" && !by_star) by_star = each.weight;
  }
  return by_star;
}

class Copier final : public Compressor {
 public:
  void append(std::string_view in, std::string& out) override { out += in; }
  void finish(std::string&) override {}
};

class Gzip final : public Compressor {
 public:
  Gzip() {
    constexpr int window_bits_and_gzip_header = 15 + 16;
    if (deflateInit2(&stream_, gzip_level, Z_DEFLATED, window_bits_and_gzip_header, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() override { deflateEnd(&stream_); }

  void append(std::string_view in, std::string& out) override {
    while (!in.empty()) {
      const auto step = std::min<std::size_t>(in.size(), std::numeric_limits<uInt>::max());
      run(in.substr(0, step), Z_NO_FLUSH, out);
      in.remove_prefix(step);
    }
  }
  void finish(std::string& out) override { run({}, Z_FINISH, out); }

 private:
  void run(std::string_view in, int flush, std::string& out) {
    stream_.next_in = reinterpret_cast<const Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    std::array<char, step_bytes> made;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(made.data());
      stream_.avail_out = static_cast<uInt>(made.size());
      if (deflate(&stream_, flush) == Z_STREAM_ERROR) throw std::runtime_error("gzip: used after its end");
      out.append(made.data(), made.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

class Zstd final : public Compressor {
 public:
  Zstd() : context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, zstd_level));
  }

  void append(std::string_view in, std::string& out) override { run(in, ZSTD_e_continue, out); }
  void finish(std::string& out) override { run({}, ZSTD_e_end, out); }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  static std::size_t check(std::size_t outcome) {
    if (ZSTD_isError(outcome) != 0) throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(outcome));
    return outcome;
  }

  void run(std::string_view in, ZSTD_EndDirective directive, std::string& out) {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    std::array<char, step_bytes> made;
    for (;;) {
      ZSTD_outBuffer output{made.data(), made.size(), 0};
      const std::size_t left = check(ZSTD_compressStream2(context_.get(), &output, &input, directive));
      out.append(made.data(), output.pos);
      if (directive == ZSTD_e_end ? left == 0 : input.pos == input.size) return;
    }
  }

  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

}  // namespace

std::string_view to_string(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::identity: return "identity";
    case ContentCoding::gzip: return "gzip";
    case ContentCoding::zstd: return "zstd";
  }
  return "identity";
}

std::optional<ContentCoding> choose_coding(std::string_view accept_encoding) {
  const auto wanted = parse_weighted(accept_encoding);
  if (!wanted || wanted->empty()) return ContentCoding::identity;
  const int zstd = weight_of(*wanted, "zstd").value_or(0);
  const int gzip = weight_of(*wanted, "gzip").value_or(0);
  const int best = std::max(zstd, gzip);
  const auto identity = weight_of(*wanted, "identity");
  if (identity && *identity > best) return ContentCoding::identity;
  if (best != 0) return zstd == best ? ContentCoding::zstd : ContentCoding::gzip;
  if (identity && *identity == 0) return std::nullopt;
  return ContentCoding::identity;
}

std::unique_ptr<Compressor> create_compressor(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::identity: return std::make_unique<Copier>();
    case ContentCoding::gzip: return std::make_unique<Gzip>();
    case ContentCoding::zstd: return std::make_unique<Zstd>();
  }
  return nullptr;
}

}  // namespace coatcheck::http
