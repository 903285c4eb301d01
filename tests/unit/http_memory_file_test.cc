// A file that lies in memory: whole, mapped and read it has the same bytes, and no others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "http/memory_file.h"

namespace glasstcp::http {
namespace {

using ::testing::ElementsAre;

constexpr std::array<std::uint8_t, 5> kBytes = {1, 2, 3, 4, 5};

TEST(MemoryFile, WholeMappedAndReadAreTheSameBytes) {
  auto owned = std::make_unique<std::uint8_t[]>(kBytes.size());
  std::ranges::copy(kBytes, owned.get());
  const FileRef borrowing(new MemoryFile(kBytes, 1234));
  const FileRef owning(new MemoryFile(std::move(owned), kBytes.size(), 1234));
  EXPECT_EQ(borrowing->info().identity, owning->info().identity) << "the same content, one tag";
  for (const FileRef& file : {borrowing, owning}) {
    EXPECT_EQ(file->info().size, 5U);
    EXPECT_EQ(file->info().mtime_seconds, 1234);
    ASSERT_TRUE(file->whole());
    EXPECT_THAT(*file->whole(), ElementsAre(1, 2, 3, 4, 5));
    ASSERT_TRUE(file->mapped(1, 3));
    EXPECT_THAT(*file->mapped(1, 3), ElementsAre(2, 3, 4));
    std::array<std::uint8_t, 2> some{};
    EXPECT_TRUE(file->read(3, some));
    EXPECT_THAT(some, ElementsAre(4, 5));
    EXPECT_EQ(file->state(), FileState::Same);
  }
}

TEST(MemoryFile, NothingIsReadBeyondItsEnd) {
  const FileRef file(new MemoryFile(kBytes, 0));
  std::array<std::uint8_t, 2> some{};
  EXPECT_FALSE(file->read(4, some));
  EXPECT_FALSE(file->read(6, some));
  EXPECT_FALSE(file->read(~std::uint64_t{0}, some));
  EXPECT_TRUE(file->read(5, {}));
}

}  // namespace
}  // namespace glasstcp::http
