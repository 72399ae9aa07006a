#include "api/claim/rows_body.hpp"

#include <arrow/record_batch.h>

#include <utility>

#include "telemetry/log.hpp"

namespace coatcheck::api::claim {

namespace {

// A piece is sent once it has grown to this: large enough for few system calls, small enough for many clients.
constexpr std::size_t piece_bytes = 256 * 1024;
// A stored batch is cut to so many rows, so that a piece stays near that size whatever was stored.
constexpr std::int64_t slice_rows_max = 4'096;

// Makes the document of a stream of rows, piece by piece. Blocks.
class Document {
 public:
  Document(std::unique_ptr<rows::Encoder> encoder, const results::Reader& reader, const RowsAsked& asked)
      : encoder_(std::move(encoder)), stream_(reader.rows(asked.offset, asked.limit)), slices_(!asked.whole_batches) {
    if (asked.coding != http::ContentCoding::identity) compressor_ = http::create_compressor(asked.coding);
  }

  // The next piece, empty at the end.
  Result<std::string> next() {
    std::string piece;
    while (piece.size() < piece_bytes && !done_) {
      encoded_.clear();
      if (auto stepped = step(); !stepped) return std::move(stepped).error();
      if (!compressor_) {
        piece += encoded_;
        continue;
      }
      compressor_->append(encoded_, piece);
      if (done_) compressor_->finish(piece);
    }
    return piece;
  }

 private:
  // Encodes a little more into `encoded_`.
  Result<void> step() {
    if (!begun_) {
      begun_ = true;
      return encoder_->begin(encoded_);
    }
    if (!batch_ || at_ == batch_->num_rows()) {
      auto batch = stream_->next();
      if (!batch) return std::move(batch).error();
      if (!*batch) {
        done_ = true;
        return encoder_->finish(encoded_);
      }
      batch_ = **std::move(batch);
      at_ = 0;
    }
    if (!slices_) {
      at_ = batch_->num_rows();
      return encoder_->append(*batch_, encoded_);
    }
    const std::shared_ptr<arrow::RecordBatch> slice = batch_->Slice(at_, slice_rows_max);
    at_ += slice->num_rows();
    return encoder_->append(*slice, encoded_);
  }

  std::unique_ptr<rows::Encoder> encoder_;
  std::unique_ptr<results::RowStream> stream_;
  bool slices_;  // Formats that keep batches as they are get them whole.
  std::unique_ptr<http::Compressor> compressor_;
  rows::Batch batch_;
  std::int64_t at_ = 0;
  bool begun_ = false;
  bool done_ = false;
  std::string encoded_;
};

class EncodedRows final : public http::BodySource {
 public:
  EncodedRows(std::shared_ptr<const results::Reader> reader, Document document, async::Pool& pool,
              telemetry::Counter& bytes)
      : reader_(std::move(reader)), document_(std::move(document)), pool_(pool), bytes_(bytes) {}

  async::Task<Result<std::string>> next() override {
    auto piece = co_await pool_.run([this] { return document_.next(); });
    if (piece) {
      bytes_.Increment(static_cast<double>(piece->size()));
    } else {
      telemetry::error("claim_cut", {{"kind", to_string(piece.error().code)}, {"error", piece.error().message}});
    }
    co_return piece;
  }

 private:
  std::shared_ptr<const results::Reader> reader_;
  Document document_;
  async::Pool& pool_;
  telemetry::Counter& bytes_;
};

}  // namespace

std::unique_ptr<http::BodySource> rows_body(std::shared_ptr<const results::Reader> reader,
                                            std::unique_ptr<rows::Encoder> encoder, RowsAsked asked, async::Pool& pool,
                                            telemetry::Counter& bytes) {
  Document document(std::move(encoder), *reader, asked);
  return std::make_unique<EncodedRows>(std::move(reader), std::move(document), pool, bytes);
}

Result<std::optional<std::string>> rows_text(const results::Reader& reader, std::unique_ptr<rows::Encoder> encoder,
                                             RowsAsked asked, std::size_t bytes_max) {
  Document document(std::move(encoder), reader, asked);
  std::string text;
  for (;;) {
    auto piece = document.next();
    if (!piece) return std::move(piece).error();
    if (piece->empty()) return std::optional(std::move(text));
    text += *piece;
    if (text.size() > bytes_max) return std::optional<std::string>();
  }
}

}  // namespace coatcheck::api::claim
