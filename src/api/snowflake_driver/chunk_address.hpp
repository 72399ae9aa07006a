#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/snowflake/token.hpp"
#include "api/snowflake_driver/statement_asked.hpp"
#include "base/clock.hpp"
#include "base/query_id.hpp"
#include "http/message.hpp"

namespace coatcheck::api::snowflake_driver {

// Rows [first, first + count) of a result, in a format: one chunk as drivers fetch it.
struct ChunkAsked {
  QueryId id;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  RowFormat format = RowFormat::json;

  bool operator==(const ChunkAsked&) const = default;
};

// How long an address works: as long as Snowflake's own.
inline constexpr std::chrono::hours chunk_address_lifetime{6};

// Makes the addresses from which a driver fetches chunks. Drivers send no token with these, so the address itself is
// signed: whoever has it may read these rows until it expires, and nothing else.
class ChunkAddresses {
 public:
  // `origin` is where the driver reaches this server: "http://127.0.0.1:8420". The signer must outlive this.
  ChunkAddresses(const snowflake::Signer& signer, std::string origin, Timestamp now)
      : signer_(signer), origin_(std::move(origin)), expires_(now + chunk_address_lifetime) {}

  std::string of(const ChunkAsked& chunk) const;

 private:
  const snowflake::Signer& signer_;
  std::string origin_;
  Timestamp expires_;
};

// Reads an address back. Errc::not_found if it is not one that we made or has expired: the two look the same.
Result<ChunkAsked> read_chunk_address(const http::Request& request, const snowflake::Signer& signer, Timestamp now);

// Where the driver reaches this server, by the Host (and X-Forwarded-Proto) of its request.
std::string origin_of(const http::Request& request);

}  // namespace coatcheck::api::snowflake_driver
