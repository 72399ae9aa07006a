#include "warehouse/duckdb/database_file.hpp"

#include <duckdb/common/exception.hpp>
#include <duckdb/common/file_opener.hpp>
#include <duckdb/common/local_file_system.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/connection.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace coatcheck::warehouse::duckdb {

namespace {

namespace fs = std::filesystem;

// A local file system that stands for a few files alone. What a statement opens comes with its client's context, what
// the engine opens for itself comes without.
class HiddenFiles final : public ::duckdb::LocalFileSystem {
 public:
  explicit HiddenFiles(fs::path file) : file_(std::move(file)), log_(file_.string() + ".wal") {}

  bool CanHandleFile(const std::string& path) override {
    std::string_view text = path;
    if (text.starts_with("file:")) text.remove_prefix(std::string_view("file:").size());
    // Two slashes and a host that is empty, or "localhost".
    if (text.starts_with("//localhost/")) text.remove_prefix(std::string_view("//localhost").size());
    if (!text.ends_with(file_.filename().native()) && !text.ends_with(log_.filename().native())) return false;
    std::error_code error;
    const fs::path real = fs::weakly_canonical(text, error);
    return !error && (real == file_ || real == log_);
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

  fs::path file_;
  fs::path log_;
};

}  // namespace

void hide_database_file(duckdb_connection connection, const fs::path& file) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(fs::absolute(file, error), error);
  if (error) real = file;
  auto& context = *reinterpret_cast<::duckdb::Connection*>(connection)->context;
  auto& files = ::duckdb::FileSystem::GetFileSystem(*context.db);
  files.RegisterSubSystem(::duckdb::make_uniq<HiddenFiles>(std::move(real)));
}

}  // namespace coatcheck::warehouse::duckdb
