#include "journal/sqlite/wal_check.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/files.hpp"

namespace coatcheck::journal::sqlite {

namespace {

constexpr std::size_t header_bytes = 32;
constexpr std::size_t frame_header_bytes = 24;
constexpr std::size_t checksummed_of_header = 24;
constexpr std::size_t checksummed_of_frame_header = 8;
constexpr std::uint32_t magic = 0x377f0682;  // The lowest bit says that checksums read numbers as big-endian.
constexpr int tries_max = 20;                // A log that begins anew meanwhile is read anew.

using Bytes = std::span<const std::byte>;

std::uint32_t big_endian(Bytes bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t n = 0; n != 4; ++n) number = number << 8 | std::to_integer<std::uint32_t>(bytes[at + n]);
  return number;
}

std::uint32_t little_endian(Bytes bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t n = 4; n != 0; --n) number = number << 8 | std::to_integer<std::uint32_t>(bytes[at + n - 1]);
  return number;
}

struct Checksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  void add(Bytes bytes, bool as_big_endian) {
    const auto number = as_big_endian ? big_endian : little_endian;
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first += number(bytes, at) + second;
      second += number(bytes, at + 4) + first;
    }
  }
  bool is_at(Bytes bytes, std::size_t at) const {
    return first == big_endian(bytes, at) && second == big_endian(bytes, at + 4);
  }
};

struct Log {
  std::array<std::byte, header_bytes> header = {};
  std::size_t page_bytes = 0;
  bool as_big_endian = false;
  Checksum checksum = {};

  std::size_t frame_bytes() const { return frame_header_bytes + page_bytes; }
  // Whether a frame belongs to this log, and not to what was in the file before it began anew.
  bool owns(Bytes frame) const { return std::equal(frame.begin() + 8, frame.begin() + 16, header.begin() + 16); }
};

bool is_commit(Bytes frame) { return big_endian(frame, 4) != 0; }

// Nothing if the header is none: then SQLite too takes the log for empty.
std::optional<Log> parse(const std::array<std::byte, header_bytes>& header) {
  Log log{.header = header};
  const std::uint32_t number = big_endian(header, 0);
  log.as_big_endian = (number & 1) != 0;
  log.page_bytes = big_endian(header, 8);
  log.checksum.add(Bytes(header).first(checksummed_of_header), log.as_big_endian);
  if ((number & ~1U) != magic || !log.checksum.is_at(header, 24)) return std::nullopt;
  if (log.page_bytes < 512 || log.page_bytes > 65'536) return std::nullopt;
  return log;
}

Result<std::uint64_t> frames_in(const File& file, const Log& log) {
  const auto size = file.size();
  if (!size) return size.error();
  return *size < header_bytes ? 0 : (*size - header_bytes) / log.frame_bytes();
}

Result<void> read_frame(const File& file, const Log& log, std::uint64_t n, std::vector<std::byte>& frame) {
  frame.resize(log.frame_bytes());
  return file.read_at(header_bytes + n * log.frame_bytes(), frame);
}

// Whether the frame is good after those that `checksum` is of, which then is of it too.
bool follows(Bytes frame, const Log& log, Checksum& checksum) {
  Checksum with_it = checksum;
  with_it.add(frame.first(checksummed_of_frame_header), log.as_big_endian);
  with_it.add(frame.subspan(frame_header_bytes), log.as_big_endian);
  if (!log.owns(frame) || !with_it.is_at(frame, 16)) return false;
  checksum = with_it;
  return true;
}

// Whether a commit begins and ends after the one that frame `n` is of.
Result<bool> commits_follow(const File& file, const Log& log, std::uint64_t n) {
  const auto frames = frames_in(file, log);
  if (!frames) return frames.error();
  std::vector<std::byte> frame;
  int commits = 0;
  for (; n < *frames && commits < 2; ++n) {
    if (auto got = read_frame(file, log, n, frame); !got) return std::move(got).error();
    if (log.owns(frame) && is_commit(frame)) ++commits;
  }
  return commits == 2;
}

// The first bad frame, if there is one.
Result<std::optional<std::uint64_t>> bad_frame(const File& file, const Log& log) {
  const auto frames = frames_in(file, log);
  if (!frames) return frames.error();
  std::vector<std::byte> frame;
  Checksum checksum = log.checksum;
  for (std::uint64_t n = 0; n < *frames; ++n) {
    if (auto got = read_frame(file, log, n, frame); !got) return std::move(got).error();
    if (follows(frame, log, checksum)) continue;
    const auto more = commits_follow(file, log, n);
    if (!more) return more.error();
    if (!*more) return std::optional<std::uint64_t>();
    // It may have been half written when it was read; by now it is whole.
    if (auto got = read_frame(file, log, n, frame); !got) return std::move(got).error();
    if (!follows(frame, log, checksum)) return std::optional(n);
  }
  return std::optional<std::uint64_t>();
}

}  // namespace

Result<std::optional<std::string>> check_wal(const std::filesystem::path& wal) {
  const auto file = disk().open(wal);
  if (!file && file.error().code == Errc::not_found) return std::optional<std::string>();
  if (!file) return file.error();
  std::string problem;
  for (int tries = 0; tries != tries_max; ++tries) {
    const auto size = (*file)->size();
    if (!size) return size.error();
    if (*size < header_bytes) return std::optional<std::string>();
    std::array<std::byte, header_bytes> header = {};
    if (auto got = (*file)->read_at(0, header); !got) return std::move(got).error();
    const auto log = parse(header);
    std::optional<std::uint64_t> bad;
    if (log) {
      const auto found = bad_frame(**file, *log);
      if (!found) return found.error();
      if (!*found) return std::optional<std::string>();
      bad = *found;
    }
    std::array<std::byte, header_bytes> again = {};
    if (auto got = (*file)->read_at(0, again); !got) return std::move(got).error();
    if (again != header) continue;
    return std::optional(
        bad ? "frame " + std::to_string(*bad) +
                  " of the write-ahead log does not match its checksum: after a restart all that is "
                  "behind it would be gone"
            : "the header of the write-ahead log does not match its checksum: after a restart all that "
              "is in the log would be gone");
  }
  return std::optional<std::string>();
}

}  // namespace coatcheck::journal::sqlite
