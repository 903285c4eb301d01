// Where file descriptors run out: large files that nobody reads are closed for others, and only
// what needs one is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/few_descriptors.h"
#include "tun/files/file_store.h"

namespace glasstcp {
namespace {

namespace fs = std::filesystem;

class DescriptorsTest : public testing::Test {
 protected:
  DescriptorsTest() {
    std::string name = (fs::temp_directory_path() / "glasstcp-open-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    std::ofstream(root_ / "small.txt") << "small";
    fs::create_directory(root_ / "folder");
    for (int i = 0; i < 20; ++i) {
      std::ofstream(root_ / large(i)) << "start";
      fs::resize_file(root_ / large(i), kWholeFileLimit + 1);
    }
    auto store = DiskStore::open(root_.string(), {.descriptors = 4});
    EXPECT_TRUE(store.has_value());
    store_.emplace(std::move(*store));
    store_->set_shortage_listener(
        [this](bool is_short) { told_ += is_short ? "short " : "over "; });
  }
  ~DescriptorsTest() override {
    store_.reset();
    fs::remove_all(root_);
  }
  static std::string large(int i) { return std::to_string(i) + ".bin"; }
  LookupStatus look(const std::string& path) { return store_->lookup(path, now_).status; }

  fs::path root_;
  std::optional<DiskStore> store_;
  Instant now_{1000s};
  std::string told_;
};

TEST_F(DescriptorsTest, TheLongestUnusedLargeFileIsClosedForTheNext) {
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(look(large(i)), LookupStatus::Found) << i;
      ASSERT_LE(store_->open_descriptors(), 4U);
    }
  }
  EXPECT_EQ(told_, "");
}

TEST_F(DescriptorsTest, WhatIsBeingReadStaysOpenAndOnlyTheNextIsRefused) {
  std::vector<FileRef> read;
  for (int i = 0; i < 4; ++i) read.push_back(store_->lookup(large(i), now_).file);
  EXPECT_EQ(look(large(4)), LookupStatus::Unavailable);
  EXPECT_EQ(look(large(5)), LookupStatus::Unavailable);
  EXPECT_EQ(store_->refused_for_descriptors(), 2U);
  EXPECT_EQ(look("small.txt"), LookupStatus::Found);
  EXPECT_EQ(look(large(2)), LookupStatus::Found) << "it is open";
  std::uint8_t bytes[5];
  EXPECT_TRUE(read[0]->read(0, bytes));
  read.erase(read.begin());
  EXPECT_EQ(look(large(4)), LookupStatus::Found);
  EXPECT_EQ(told_, "short ") << "once";
  now_ += DiskStore::kShortageEnds;
  EXPECT_EQ(look(large(1)), LookupStatus::Found);
  EXPECT_EQ(told_, "short over ");
  for (int i = 0; i < 3; ++i) (void)look(large(5 + i));
  EXPECT_EQ(told_, "short over ") << "one of them is not read";
}

TEST_F(DescriptorsTest, OneThatWasForgottenCountsAsLongAsItIsRead) {
  std::vector<FileRef> read;
  for (int i = 0; i < 4; ++i) read.push_back(store_->lookup(large(i), now_).file);
  fs::remove(root_ / large(0));
  now_ += 2s;
  EXPECT_EQ(look(large(0)), LookupStatus::NotFound);
  EXPECT_EQ(store_->open_descriptors(), 4U);
  EXPECT_EQ(look(large(4)), LookupStatus::Unavailable);
  read.clear();
  EXPECT_EQ(look(large(4)), LookupStatus::Found);
}

TEST_F(DescriptorsTest, WhereTheSystemHasNoneLeftUnreadFilesMakeRoomToo) {
  store_->limit_descriptors(1000);
  const test::FewDescriptors few(3);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(look(large(i)), LookupStatus::Found) << i;
  now_ += 2s;
  EXPECT_EQ(look("small.txt"), LookupStatus::Found);
  EXPECT_EQ(store_->list("folder", 10).status, LookupStatus::Directory);
  std::vector<FileRef> read;
  int refused = 0;
  for (int i = 0; i < 6; ++i) {
    Lookup found = store_->lookup(large(i), now_);
    refused += found.status == LookupStatus::Unavailable ? 1 : 0;
    if (found.file) read.push_back(std::move(found.file));
  }
  EXPECT_GE(read.size(), 1U);
  EXPECT_GE(refused, 3);
  EXPECT_EQ(told_, "short ");
  read.clear();
  now_ += 2s;
  EXPECT_EQ(look("small.txt"), LookupStatus::Found);
}

}  // namespace
}  // namespace glasstcp
