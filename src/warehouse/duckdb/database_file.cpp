#include "warehouse/duckdb/database_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <duckdb/common/exception.hpp>
#include <duckdb/common/file_opener.hpp>
#include <duckdb/common/local_file_system.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/connection.hpp>
#include <string>
#include <string_view>

namespace coatcheck::warehouse::duckdb {

namespace {

namespace fs = std::filesystem;

// A local file system that stands for a few files alone. What a statement opens comes with its client's context, what
// the engine opens for itself comes without.
class HiddenFiles final : public ::duckdb::LocalFileSystem {
 public:
  // DuckDB's log lies beside the name that the database was opened by, which may be a link.
  explicit HiddenFiles(const std::string& file) : hidden_{file, file + ".wal"} {}

  // The same file by whatever name: a link in a directory that may be read leads to it too.
  bool CanHandleFile(const std::string& path) override {
    std::string_view text = path;
    if (text.starts_with("file:")) text.remove_prefix(std::string_view("file:").size());
    // Two slashes and a host that is empty, or "localhost".
    if (text.starts_with("//localhost/")) text.remove_prefix(std::string_view("//localhost").size());
    const std::string asked = ExpandPath(std::string(text));
    return std::any_of(hidden_.begin(), hidden_.end(),
                       [&](const std::string& hidden) { return is_same_file(asked, hidden); });
  }

  ::duckdb::unique_ptr<::duckdb::FileHandle> OpenFile(const std::string& path, ::duckdb::FileOpenFlags flags,
                                                      ::duckdb::optional_ptr<::duckdb::FileOpener> opener) override {
    refuse_statements(path, opener);
    return LocalFileSystem::OpenFile(path, flags, opener);
  }

  ::duckdb::vector<::duckdb::OpenFileInfo> Glob(const std::string& path, ::duckdb::FileOpener* opener) override {
    refuse_statements(path, opener);
    return LocalFileSystem::Glob(path, opener);
  }

  std::string GetName() const override { return "HiddenFiles"; }

 private:
  static void refuse_statements(const std::string& path, ::duckdb::optional_ptr<::duckdb::FileOpener> opener) {
    if (::duckdb::FileOpener::TryGetClientContext(opener)) {
      throw ::duckdb::PermissionException("Cannot access file \"%s\" - it is the database's own", path);
    }
  }

  static bool is_same_file(const std::string& asked, const std::string& hidden) {
    struct stat one{};
    struct stat other{};
    // As opening it does, this ends at a NUL.
    if (::stat(asked.c_str(), &one) != 0 || ::stat(hidden.c_str(), &other) != 0) return false;
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
  }

  std::array<std::string, 2> hidden_;
};

}  // namespace

void hide_database_file(duckdb_connection connection, const fs::path& file) {
  auto& context = *reinterpret_cast<::duckdb::Connection*>(connection)->context;
  auto& files = ::duckdb::FileSystem::GetFileSystem(*context.db);
  files.RegisterSubSystem(::duckdb::make_uniq<HiddenFiles>(files.ExpandPath(file.string())));
}

}  // namespace coatcheck::warehouse::duckdb
