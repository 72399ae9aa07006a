#include "results/rendition.hpp"

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "results/layout.hpp"
#include "results/trouble.hpp"
#include "rows/encoder.hpp"

namespace coatcheck::results {

namespace {

// Encoded bytes are written once they have grown to this.
constexpr std::size_t write_bytes_min = std::size_t{1} << 20;

Error result_removed() { return {Errc::gone, "the result was removed"}; }

}  // namespace

// One rendition being made, for all who want it. Whoever calls does the next step, the others wait for that step.
class Making {
 public:
  Making(Store& store, std::shared_ptr<const Reader> reader, Store::RenditionKey key)
      : store_(store),
        reader_(std::move(reader)),
        key_(key),
        path_(rendition_path(store.options.directory, key.first, key.second)),
        partial_path_(partial_rendition_path(store.options.directory, key.first, key.second)) {}

  Result<std::shared_ptr<const File>> advance() {
    const std::lock_guard lock(mutex_);
    if (failure_) return Error(*failure_);
    if (made_) return made_;
    auto done = stream_ ? step() : begin();
    if (!done) return failed(std::move(done).error());
    return made_;
  }

  // Removes what is not finished. The store's mutex is held: no other rendition of the same name begins meanwhile.
  void discard_locked() {
    if (made_) return;
    store_.settle(file_.get(), std::exchange(reserved_, 0));
    file_.reset();
    if (created_) {
      [[maybe_unused]] auto partial_removed = store_.remove_locked(partial_path_);
    }
    // A rename that was reported as failed may have happened.
    if (named_) {
      [[maybe_unused]] auto removed = store_.remove_locked(path_);
    }
    created_ = named_ = false;
  }

 private:
  Result<void> begin() {
    auto earlier = find_rendition(store_, key_.first, key_.second);
    if (!earlier) return std::move(earlier).error();
    if (*earlier) {
      made_ = *std::move(earlier);
      return Result<void>::ok();
    }
    auto encoder = rows::make_encoder(key_.second, reader_->manifest().schema);
    if (!encoder) return std::move(encoder).error();
    encoder_ = *std::move(encoder);
    if (auto begun = encoder_->begin(encoded_); !begun) return begun;

    // Removing takes the result first and then those under way. So if it is there now, whoever removes it finds
    // this one, which is under way already.
    auto sealed = store_.files.open(sealed_path(store_.options.directory, key_.first));
    if (!sealed && sealed.error().code == Errc::not_found) return result_removed();
    if (!sealed) return while_reading(std::move(sealed).error());
    // What an earlier attempt could not remove is counted still.
    for (const auto& left : {partial_path_, path_}) {
      if (auto removed = store_.remove(left); !removed) return while_storing(std::move(removed).error());
    }
    created_ = true;
    auto file = store_.files.create(partial_path_);
    if (!file) return while_storing(std::move(file).error());
    file_ = *std::move(file);
    stream_ = reader_->rows(0, reader_->manifest().rows);
    return Result<void>::ok();
  }

  // Encodes some rows, or the end.
  Result<void> step() {
    auto batch = stream_->next();
    if (!batch) return std::move(batch).error();
    if (*batch) {
      if (auto appended = encoder_->append(***batch, encoded_); !appended) return appended;
      return encoded_.size() >= write_bytes_min ? write_out() : Result<void>::ok();
    }
    if (auto finished = encoder_->finish(encoded_); !finished) return finished;
    if (auto written = write_out(); !written) return written;
    return publish();
  }

  Result<void> write_out() {
    if (auto reserved = store_.reserve_for_rendition(encoded_.size()); !reserved) return reserved;
    reserved_ += encoded_.size();
    const auto appended = file_->append(std::as_bytes(std::span(encoded_)));
    if (!appended) return while_storing(Error(appended.error()));
    encoded_.clear();
    return Result<void>::ok();
  }

  // Gives the file its name, unless the result is gone.
  Result<void> publish() {
    // Opened by its partial name: that nobody else removes.
    auto readable = store_.files.open(partial_path_);
    if (!readable) return while_storing(std::move(readable).error());
    const std::lock_guard lock(store_.mutex);
    if (store_.under_way.at(key_).removed) return result_removed();
    named_ = true;
    if (auto renamed = store_.files.rename(partial_path_, path_); !renamed) {
      return while_storing(std::move(renamed).error());
    }
    store_.renditions.insert(key_);
    made_ = *std::move(readable);
    file_.reset();
    stream_.reset();
    encoder_.reset();
    return Result<void>::ok();
  }

  Error failed(Error error) {
    failure_ = error;
    const std::lock_guard lock(store_.mutex);
    discard_locked();
    return error;
  }

  Store& store_;
  const std::shared_ptr<const Reader> reader_;
  const Store::RenditionKey key_;
  const std::filesystem::path path_;
  const std::filesystem::path partial_path_;

  std::mutex mutex_;  // Held for one step; the store's is taken under it, never the other way round.
  std::unique_ptr<rows::Encoder> encoder_;
  std::unique_ptr<RowStream> stream_;  // From the end of begin() on.
  std::string encoded_;                // Not in the file yet.
  std::unique_ptr<File> file_;
  std::uint64_t reserved_ = 0;  // Of the quota.
  bool created_ = false;        // The file may be there under its partial name…
  bool named_ = false;          // …or its final one.
  std::shared_ptr<const File> made_;
  std::optional<Error> failure_;
};

namespace {

// One who wants a rendition.
class SharedRendition final : public Rendition {
 public:
  SharedRendition(std::shared_ptr<Store> store, std::shared_ptr<const Reader> reader, Store::RenditionKey key)
      : store_(std::move(store)), key_(key) {
    const std::lock_guard lock(store_->mutex);
    Store::UnderWay& under_way = store_->under_way[key_];
    if (!under_way.making) under_way.making = std::make_shared<Making>(*store_, std::move(reader), key_);
    ++under_way.users;
    making_ = under_way.making;
  }

  ~SharedRendition() override {
    const std::lock_guard lock(store_->mutex);
    const auto under_way = store_->under_way.find(key_);
    if (--under_way->second.users != 0) return;
    making_->discard_locked();
    store_->under_way.erase(under_way);
  }

  Result<std::shared_ptr<const File>> advance() override { return making_->advance(); }

 private:
  const std::shared_ptr<Store> store_;
  const Store::RenditionKey key_;
  std::shared_ptr<Making> making_;
};

}  // namespace

Result<std::shared_ptr<const File>> find_rendition(Store& store, QueryId query, rows::Format format) {
  {
    const std::lock_guard lock(store.mutex);
    if (!store.renditions.contains({query, format})) return std::shared_ptr<const File>();
  }
  auto file = store.files.open(rendition_path(store.options.directory, query, format));
  if (file) return std::shared_ptr<const File>(*std::move(file));
  if (file.error().code == Errc::not_found) return std::shared_ptr<const File>();  // Removed just now.
  return while_reading(std::move(file).error());
}

std::unique_ptr<Rendition> make_rendition(std::shared_ptr<Store> store, std::shared_ptr<const Reader> reader,
                                          QueryId query, rows::Format format) {
  return std::make_unique<SharedRendition>(std::move(store), std::move(reader), Store::RenditionKey{query, format});
}

Result<void> remove_renditions(Store& store, QueryId query) {
  const std::lock_guard lock(store.mutex);
  Result<void> outcome = Result<void>::ok();
  for (const rows::Format format : rows::all_formats) {
    const Store::RenditionKey key{query, format};
    if (const auto found = store.under_way.find(key); found != store.under_way.end()) found->second.removed = true;
    if (store.renditions.erase(key) == 0) continue;
    auto removed = store.remove_locked(rendition_path(store.options.directory, query, format));
    if (!removed && outcome) outcome = std::move(removed).error();
  }
  return outcome;
}

}  // namespace coatcheck::results
