// See secret_file.h.
#include "tun/lab/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bitset>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tun/host/descriptor.h"

namespace glasstcp {
namespace {

constexpr std::size_t kLeastDifferent = 8;  // bytes: "aaaaaaaaaaaaaaaa" is no secret
constexpr std::size_t kCodeBytes = 5;

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

// Each part behind its length, so that no two lists of parts look alike.
void add_part(std::string& message, std::string_view part) {
  message += std::to_string(part.size());
  message += ':';
  message += part;
}

}  // namespace

std::expected<Secret, std::string> Secret::of(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.size() > kMost) return std::unexpected("the secret has more than 64 KiB");
  std::bitset<256> seen;
  for (const char c : text) seen.set(static_cast<unsigned char>(c));
  if (text.size() < kLeast || seen.count() < kLeastDifferent) {
    return std::unexpected(
        "the secret is too easy to guess: it needs 16 bytes or more, 8 of them different; "
        "'glasstcp lab secret FILE' "
        "makes one");
  }
  Secret secret;
  secret.bytes_ = std::move(text);
  return secret;
}

std::expected<Secret, std::string> Secret::read(const std::string& path, bool& is_open) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) {
      return std::unexpected("there is no secret '" + path +
                             "'; 'glasstcp lab secret FILE' makes one");
    }
    return std::unexpected("cannot read '" + path + "': " + std::strerror(errno));
  }
  is_open = S_ISREG(about.st_mode) && (about.st_mode & (S_IRGRP | S_IROTH)) != 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMost + 2, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    return std::unexpected("cannot read '" + path + "': " + std::strerror(errno));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return of(std::move(text));
}

Seed Secret::seed(std::string_view use, std::string_view quiz, std::string_view student) const {
  std::string message = "glasstcp lab quiz 1;";
  add_part(message, use);
  add_part(message, quiz);
  add_part(message, student);
  const auto view = [](const std::string& text) {
    return ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  return seed_from_secret(view(bytes_), view(message));
}

std::string Secret::code(std::string_view quiz, std::string_view student) const {
  return hex(ByteView(seed("code", quiz, student).bytes).first(kCodeBytes));
}

std::expected<void, std::string> write_new_secret(const std::string& path) {
  std::array<std::uint8_t, 32> random;
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return std::unexpected(std::string("the kernel gives no random bytes: ") +
                           std::strerror(errno));
  }
  const std::string text = hex(random) + "\n";
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) {
    if (errno == EEXIST) {
      return std::unexpected(
          "'" + path +
          "' exists: a secret is never overwritten, since its quizzes could not be marked");
    }
    return std::unexpected("cannot write '" + path + "': " + std::strerror(errno));
  }
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return std::unexpected("cannot write '" + path + "': " + std::strerror(errno));
  }
  return {};
}

}  // namespace glasstcp
