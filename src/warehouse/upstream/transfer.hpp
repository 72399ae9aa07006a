#pragma once

#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "warehouse/upstream/client.hpp"

namespace coatcheck::warehouse::upstream {

// One exchange as libcurl sees it. libcurl keeps its address.
class Transfer {
 public:
  using Done = std::function<void(Answer)>;

  Transfer(std::uint64_t id, Request request, const ClientOptions& options, Done done);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  std::uint64_t id() const { return id_; }
  CURL* handle() const { return easy_.get(); }
  bool forgotten() const { return !done_; }

  // Says why the request may not be sent, before it is handed to libcurl.
  std::optional<TransportError> refusal() const;

  // Gives the outcome to who waits for it; once, and last. The handle is out of libcurl's hands by then.
  void finish(CURLcode code);
  void fail(TransportError error);

 private:
  static std::size_t take_body(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t take_header(char* data, std::size_t, std::size_t size, void* self);
  void set_up(const ClientOptions& options);
  TransportError error(CURLcode code) const;

  struct FreeEasy {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  std::uint64_t id_;
  Request request_;
  Done done_;
  Response response_;
  std::size_t header_bytes_ = 0;
  bool too_large_ = false;
  std::array<char, CURL_ERROR_SIZE> words_{};
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::unique_ptr<CURL, FreeEasy> easy_;
};

}  // namespace coatcheck::warehouse::upstream
