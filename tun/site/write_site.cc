// See write_site.h.
#include "tun/site/write_site.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tun/cli/chinese.h"

namespace glasstcp {
namespace {

std::unexpected<Failure> failed(const std::filesystem::path& path, const std::string& why,
                                const std::string& cure = {}) {
  return std::unexpected(Failure{"cannot write " + path.string() + ": " + why, cure});
}

std::expected<void, Failure> write_file(const std::filesystem::path& path, ByteView content) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return failed(path.parent_path(), error.message());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()),
             static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file)
    return failed(path, "the folder does not take it", "choose a folder that you may write");
  return {};
}

}  // namespace

std::expected<void, Failure> write_new_files(const std::string& folder,
                                             std::span<const http::BuiltinFile> files) {
  const std::filesystem::path top(folder);
  for (const http::BuiltinFile& file : files) {
    std::error_code ignored;
    const std::filesystem::path path = top / file.path;
    if (std::filesystem::exists(path, ignored)) {
      return failed(path, "it exists", "choose another folder, or remove it first");
    }
  }
  for (const http::BuiltinFile& file : files) {
    if (auto written = write_file(top / file.path, file.content); !written) return written;
  }
  return {};
}

std::expected<void, Failure> write_builtin_site(const std::string& folder) {
  return write_new_files(folder, http::builtin_site());
}

int write_site(const WriteSiteOptions& options) {
  if (const auto written = write_builtin_site(options.folder); !written) {
    fmt::print(stderr, "glasstcp: {}\n", spoken(written.error().to_string(), options.language));
    return kExitFailure;
  }
  const std::string next = fmt::format(
      "the page is in {0}; edit it, then: sudo glasstcp serve --site {0}\n", options.folder);
  fmt::print("{}", spoken(next, options.language));
  return 0;
}

}  // namespace glasstcp
