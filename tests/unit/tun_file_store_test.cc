// The site on disk: nothing outside it is served, and what changes on disk shows within a second.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tun/file_store.h"

namespace glasstcp {
namespace {

namespace fs = std::filesystem;
using Text = std::string_view;

Text as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class DiskStoreTest : public testing::Test {
 protected:
  DiskStoreTest() {
    std::string name = (fs::temp_directory_path() / "glasstcp-store-XXXXXX").string();
    base_ = ::mkdtemp(name.data());
    ::umask(022);
    fs::create_directory(root());
    write("index.html", "home");
    std::ofstream(base_ / "secret.txt") << "secret";
  }
  ~DiskStoreTest() override {
    fs::permissions(root(), fs::perms::owner_all);
    fs::remove_all(base_);
  }

  [[nodiscard]] fs::path root() const { return base_ / "site"; }
  void write(const std::string& path, Text content) const {
    fs::create_directories((root() / path).parent_path());
    std::ofstream(root() / path, std::ios::binary | std::ios::trunc) << content;
  }
  // A file that takes no room on disk.
  void write_sparse(const std::string& path, std::uint64_t size) const {
    write(path, "start");
    fs::resize_file(root() / path, size);
  }
  DiskStore open(DiskStore::Options options = {}) const {
    auto store = DiskStore::open(root().string(), options);
    EXPECT_TRUE(store.has_value());
    return std::move(*store);
  }
  static std::string content(DiskStore& store, Text path, Instant now) {
    const Lookup found = store.lookup(path, now);
    if (found.status != LookupStatus::Found || !found.file->whole()) return "(none)";
    return std::string(as_text(*found.file->whole()));
  }

  fs::path base_;
  Instant now_{1000s};
};

TEST_F(DiskStoreTest, FindsFilesAndFolders) {
  write("img/logo.svg", "<svg/>");
  DiskStore store = open();
  EXPECT_EQ(content(store, "index.html", now_), "home");
  EXPECT_EQ(content(store, "img/logo.svg", now_), "<svg/>");
  EXPECT_EQ(store.lookup("", now_).status, LookupStatus::Directory);
  EXPECT_EQ(store.lookup("img", now_).status, LookupStatus::Directory);
  EXPECT_EQ(store.lookup("nothing", now_).status, LookupStatus::NotFound);
  EXPECT_EQ(store.lookup("index.html/x", now_).status, LookupStatus::NotFound);
  EXPECT_EQ(store.lookup(std::string(5000, 'a'), now_).status, LookupStatus::NotFound);
}

TEST_F(DiskStoreTest, AnEmptyFileIsAFile) {
  write("empty", "");
  DiskStore store = open();
  const Lookup found = store.lookup("empty", now_);
  ASSERT_EQ(found.status, LookupStatus::Found);
  EXPECT_EQ(found.file->info().size, 0u);
  EXPECT_TRUE(found.file->whole()->empty());
}

TEST_F(DiskStoreTest, NoPathLeavesTheRoot) {
  fs::create_symlink("../secret.txt", root() / "relative");
  fs::create_symlink(base_ / "secret.txt", root() / "absolute");
  fs::create_symlink("..", root() / "up");
  fs::create_symlink("/proc/self/root", root() / "magic");
  DiskStore store = open();
  for (const Text path : {"../secret.txt", "..", "img/../../secret.txt", "relative", "absolute",
                          "up/secret.txt", "magic/etc/passwd", "/etc/passwd"}) {
    const Lookup found = store.lookup(path, now_);
    EXPECT_EQ(found.status, LookupStatus::NotFound) << path;
    EXPECT_FALSE(found.file) << path;
  }
}

TEST_F(DiskStoreTest, LinksThatStayInsideAreFollowed) {
  fs::create_symlink("index.html", root() / "home");
  DiskStore store = open();
  EXPECT_EQ(content(store, "home", now_), "home");
}

TEST_F(DiskStoreTest, WhatIsNeitherFileNorFolderDoesNotExistAndDoesNotBlock) {
  ASSERT_EQ(::mkfifo((root() / "fifo").c_str(), 0644), 0);
  DiskStore store = open();
  EXPECT_EQ(store.lookup("fifo", now_).status, LookupStatus::NotFound);
}

// Root may read everything, so that rights show only while we are somebody else.
class AsNobody {
 public:
  AsNobody() {
    if (was_root_ && ::seteuid(65534) != 0) ADD_FAILURE() << "seteuid";
  }
  ~AsNobody() {
    if (was_root_ && ::seteuid(0) != 0) ADD_FAILURE() << "seteuid";
  }

 private:
  bool was_root_ = ::geteuid() == 0;
};

TEST_F(DiskStoreTest, AnUnreadableFileIsForbiddenNotMissing) {
  write("private", "x");
  fs::permissions(root() / "private", fs::perms::none);
  DiskStore store = open();
  const AsNobody rights;
  EXPECT_EQ(store.lookup("private", now_).status, LookupStatus::Forbidden);
  EXPECT_TRUE(store.check_readable().has_value());
}

TEST_F(DiskStoreTest, AnUnreadableIndexIsAFailureAtTheStart) {
  fs::permissions(root() / "index.html", fs::perms::none);
  const DiskStore store = open();
  const AsNobody rights;
  const auto readable = store.check_readable();
  ASSERT_FALSE(readable.has_value());
  EXPECT_THAT(readable.error().to_string(), testing::HasSubstr("chmod -R a+rX"));
}

TEST_F(DiskStoreTest, AnUnreadableFolderIsAFailureAtTheStart) {
  const DiskStore store = open();
  fs::permissions(root(), fs::perms::none);
  const AsNobody rights;
  EXPECT_FALSE(store.check_readable().has_value());
}

TEST_F(DiskStoreTest, ASiteInAPrivateHomeIsReadThroughItsOpenFolder) {
  // mkdtemp made the folder above with mode 0700, as a home may be.
  DiskStore store = open();
  const AsNobody rights;
  EXPECT_TRUE(store.check_readable().has_value());
  EXPECT_EQ(content(store, "index.html", now_), "home");
}

TEST_F(DiskStoreTest, AMissingSiteNamesTheCure) {
  const auto store = DiskStore::open((base_ / "nowhere").string(), {});
  ASSERT_FALSE(store.has_value());
  EXPECT_THAT(store.error().to_string(), testing::HasSubstr("--site"));
  EXPECT_FALSE(DiskStore::open((root() / "index.html").string(), {}).has_value());
}

TEST_F(DiskStoreTest, WithinASecondTheDiskIsNotAskedAgain) {
  DiskStore store = open();
  EXPECT_EQ(content(store, "index.html", now_), "home");
  write("index.html", "changed!");
  EXPECT_EQ(content(store, "index.html", now_ + 999ms), "home");
  EXPECT_EQ(content(store, "index.html", now_ + 1s), "changed!");
  EXPECT_EQ(store.lookup("index.html", now_ + 1s).valid_until, now_ + 2s);
}

TEST_F(DiskStoreTest, AChangeThatItsStampDoesNotShowIsSeen) {
  // Same size, and (the clock of file systems being coarse) perhaps the same modification time.
  DiskStore store = open();
  EXPECT_EQ(content(store, "index.html", now_), "home");
  write("index.html", "HOME");
  EXPECT_EQ(content(store, "index.html", now_ + 1s), "HOME");
}

TEST_F(DiskStoreTest, AFileThatDidNotChangeStaysTheSameFile) {
  DiskStore store = open();
  const FileRef first = store.lookup("index.html", now_).file;
  const FileRef later = store.lookup("index.html", now_ + 10s).file;
  EXPECT_EQ(first.get(), later.get());
}

TEST_F(DiskStoreTest, AResponseInFlightKeepsTheOldBytes) {
  DiskStore store = open();
  const FileRef old = store.lookup("index.html", now_).file;
  write("index.html", "other");
  const FileRef young = store.lookup("index.html", now_ + 1s).file;
  EXPECT_EQ(as_text(*old->whole()), "home");
  EXPECT_TRUE(old->unchanged());
  EXPECT_EQ(as_text(*young->whole()), "other");
  EXPECT_NE(old->info().identity, young->info().identity);
}

TEST_F(DiskStoreTest, ADeletedFileIsForgotten) {
  DiskStore store = open();
  EXPECT_EQ(content(store, "index.html", now_), "home");
  fs::remove(root() / "index.html");
  EXPECT_EQ(store.lookup("index.html", now_ + 1s).status, LookupStatus::NotFound);
  EXPECT_EQ(store.entries(), 0u);
  EXPECT_EQ(store.bytes_in_memory(), 0u);
}

TEST_F(DiskStoreTest, MemoryIsBoundedAndTheLongestUnusedGoesFirst) {
  for (const char* name : {"a", "b", "c"}) write(name, std::string(400, *name));
  DiskStore store = open({.memory = 1000});
  EXPECT_NE(content(store, "a", now_), "(none)");
  EXPECT_NE(content(store, "b", now_), "(none)");
  EXPECT_NE(content(store, "a", now_), "(none)");
  EXPECT_NE(content(store, "c", now_), "(none)");
  EXPECT_EQ(store.entries(), 2u);
  EXPECT_LE(store.bytes_in_memory(), 1000u);
}

TEST_F(DiskStoreTest, WhenResponsesHoldAllMemoryFilesAreReadPieceByPiece) {
  write("a", std::string(400, 'a'));
  write("b", std::string(400, 'b'));
  DiskStore store = open({.memory = 500});
  const FileRef held = store.lookup("a", now_).file;
  const Lookup found = store.lookup("b", now_);
  ASSERT_EQ(found.status, LookupStatus::Found);
  EXPECT_FALSE(found.file->whole().has_value());
  std::array<std::uint8_t, 400> bytes{};
  EXPECT_TRUE(found.file->read(0, bytes));
  EXPECT_EQ(as_text(bytes), std::string(400, 'b'));
}

TEST_F(DiskStoreTest, PathsThatLeadNowherePushNothingOut) {
  DiskStore store = open();
  EXPECT_EQ(content(store, "index.html", now_), "home");
  for (int i = 0; i < 5000; ++i) {
    EXPECT_EQ(store.lookup("no" + std::to_string(i), now_).status, LookupStatus::NotFound);
  }
  EXPECT_EQ(store.entries(), 1u);
}

TEST_F(DiskStoreTest, ALargeFileIsMappedOnlyWhereTheKernelAloneReadsIt) {
  write_sparse("large", kWholeFileLimit + 1);
  DiskStore plain = open({.may_map = false});
  EXPECT_FALSE(plain.lookup("large", now_).file->whole().has_value());
  EXPECT_FALSE(plain.lookup("large", now_).file->mapped(0, 5).has_value());
  DiskStore mapping = open({.may_map = true});
  const FileRef file = mapping.lookup("large", now_).file;
  ASSERT_TRUE(file->mapped(0, 5).has_value());
  EXPECT_EQ(as_text(*file->mapped(0, 5)), "start");
  EXPECT_TRUE(file->mapped(kWholeFileLimit - 9999, 10000).has_value());
  EXPECT_FALSE(file->mapped(kWholeFileLimit, 2).has_value()) << "beyond the end";
  EXPECT_EQ(mapping.bytes_in_memory(), 0u);
}

TEST_F(DiskStoreTest, ATruncatedLargeFileIsNoticedAndDoesNotCrash) {
  write_sparse("large", kWholeFileLimit + 1);
  DiskStore store = open({.may_map = true});
  const FileRef file = store.lookup("large", now_).file;
  EXPECT_TRUE(file->unchanged());
  ASSERT_TRUE(file->mapped(0, 4096).has_value());
  fs::resize_file(root() / "large", 100);
  EXPECT_FALSE(file->unchanged());
  EXPECT_FALSE(file->mapped(1 << 20, 4096).has_value()) << "touching it would be SIGBUS";
  std::array<std::uint8_t, 8> bytes;
  EXPECT_FALSE(file->read(1 << 20, bytes));
}

TEST_F(DiskStoreTest, ALargeFileThatIsReplacedByRenameIsStillWhole) {
  write_sparse("large", kWholeFileLimit + 1);
  DiskStore store = open();
  const FileRef file = store.lookup("large", now_).file;
  write_sparse("new", kWholeFileLimit + 2);
  fs::rename(root() / "new", root() / "large");
  EXPECT_TRUE(file->unchanged()) << "the old bytes are all there";
  EXPECT_EQ(store.lookup("large", now_ + 1s).file->info().size, kWholeFileLimit + 2);
}

TEST_F(DiskStoreTest, ALargeFileThatIsWrittenToIsNoLongerTheSame) {
  write_sparse("large", kWholeFileLimit + 1);
  DiskStore store = open();
  const FileRef file = store.lookup("large", now_).file;
  const timespec times[2] = {{0, 1}, {0, 1}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root() / "large").c_str(), times, 0), 0);
  EXPECT_FALSE(file->unchanged());
}

TEST_F(DiskStoreTest, AListHasWhatALookupFinds) {
  write("d/file.txt", "12345");
  write("d/sub/x", "x");
  write("d/.hidden", "x");
  fs::create_symlink("file.txt", root() / "d/link");
  fs::create_symlink("nowhere", root() / "d/dangling");
  fs::create_symlink(base_ / "secret.txt", root() / "d/outside");
  ASSERT_EQ(::mkfifo((root() / "d/fifo").c_str(), 0644), 0);
  DiskStore store = open();
  FolderContent content = store.list("d", 100);
  EXPECT_EQ(content.status, LookupStatus::Directory);
  EXPECT_FALSE(content.is_cut);
  std::string seen;
  std::ranges::sort(content.entries, {}, &FolderEntry::name);
  for (const FolderEntry& e : content.entries) {
    seen += e.name + (e.is_folder ? "/ " : ":" + std::to_string(e.size) + " ");
    EXPECT_GT(e.mtime_seconds, 0);
  }
  EXPECT_EQ(seen, "file.txt:5 link:5 sub/ ");
  EXPECT_TRUE(store.list("d", 2).is_cut);
  EXPECT_EQ(store.list("d", 2).entries.size(), 2u);
  EXPECT_EQ(store.list("", 100).entries.size(), 2u);
  EXPECT_EQ(store.list("none", 100).status, LookupStatus::NotFound);
  EXPECT_EQ(store.list("d/file.txt", 100).status, LookupStatus::NotFound);
}

}  // namespace
}  // namespace glasstcp
