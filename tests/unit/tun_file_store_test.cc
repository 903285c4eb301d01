// The site on disk: nothing outside it is served, and what changes on disk shows within a second.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tun/files/file_store.h"

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

// Each request for a page asks for its compressed neighbours too; the disk is asked once a second.
TEST_F(DiskStoreTest, AMissingCompressedNeighbourIsLookedForOnceASecond) {
  DiskStore store = open();
  EXPECT_EQ(store.lookup("index.html.gz", now_).status, LookupStatus::NotFound);
  EXPECT_EQ(store.lookup("new.html", now_).status, LookupStatus::NotFound);
  write("index.html.gz", "packed");
  write("new.html", "new");
  EXPECT_EQ(store.lookup("index.html.gz", now_ + 999ms).status, LookupStatus::NotFound);
  EXPECT_EQ(content(store, "new.html", now_ + 999ms), "new");  // of other names nothing is kept
  EXPECT_EQ(content(store, "index.html.gz", now_ + 1s), "packed");
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
  EXPECT_EQ(old->state(), FileState::Same);
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
  EXPECT_EQ(file->state(), FileState::Same);
  ASSERT_TRUE(file->mapped(0, 4096).has_value());
  fs::resize_file(root() / "large", 100);
  EXPECT_EQ(file->state(), FileState::Changed);
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
  EXPECT_EQ(file->state(), FileState::Same) << "the old bytes are all there";
  EXPECT_EQ(store.lookup("large", now_ + 1s).file->info().size, kWholeFileLimit + 2);
}

TEST_F(DiskStoreTest, ALargeFileThatIsWrittenToIsNoLongerTheSame) {
  write_sparse("large", kWholeFileLimit + 1);
  DiskStore store = open();
  const FileRef file = store.lookup("large", now_).file;
  const timespec times[2] = {{0, 1}, {0, 1}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root() / "large").c_str(), times, 0), 0);
  EXPECT_EQ(file->state(), FileState::Touched);
}

TEST_F(DiskStoreTest, ALargeFileThatGrowsKeepsWhatWasPromised) {
  write_sparse("large", kWholeFileLimit + 5);
  DiskStore store = open();
  const FileRef file = store.lookup("large", now_).file;
  std::ofstream(root() / "large", std::ios::app) << "more";
  EXPECT_EQ(file->state(), FileState::Grown);
  std::array<std::uint8_t, 5> bytes{};
  EXPECT_TRUE(file->read(0, bytes));
  EXPECT_EQ(as_text(bytes), "start");
  EXPECT_EQ(store.lookup("large", now_).file->info().size, kWholeFileLimit + 9)
      << "the next request gets all of it, also within the second";
  fs::resize_file(root() / "large", kWholeFileLimit + 4);
  EXPECT_EQ(file->state(), FileState::Changed) << "less than what was promised";
}

TEST_F(DiskStoreTest, RightsAndLinksOfALargeFileAreNotItsContent) {
  write_sparse("large", kWholeFileLimit + 1);
  DiskStore store = open();
  const FileRef file = store.lookup("large", now_).file;
  fs::permissions(root() / "large", fs::perms::owner_read | fs::perms::others_read);
  EXPECT_EQ(file->state(), FileState::Same) << "chmod";
  fs::create_hard_link(root() / "large", root() / "again");
  EXPECT_EQ(file->state(), FileState::Same) << "another link";
  fs::remove(root() / "again");
  fs::rename(root() / "large", root() / "renamed");
  EXPECT_EQ(file->state(), FileState::Same) << "another name";
}

TEST_F(DiskStoreTest, WhatALookAtALargeFileSays) {
  const FileStamp promised{.size = 100, .modified_ns = 5, .changed_ns = 5, .links = 1};
  const auto look = [&](std::uint64_t size, std::int64_t modified, std::int64_t changed) {
    return compare(promised, {.size = size, .modified_ns = modified, .changed_ns = changed});
  };
  EXPECT_EQ(look(100, 5, 5), FileState::Same);
  EXPECT_EQ(look(100, 5, 9), FileState::Same);
  EXPECT_EQ(look(100, 6, 6), FileState::Touched);
  EXPECT_EQ(look(100, 4, 6), FileState::Touched);
  EXPECT_EQ(look(101, 6, 6), FileState::Grown);
  EXPECT_EQ(look(99, 5, 5), FileState::Changed);
}

// A file that is never the same at two looks, as a busy log may be.
TEST_F(DiskStoreTest, OfASmallFileThatKeepsChangingOneSizeIsRead) {
  const fs::path path = root() / "log";
  write("log", "0123456789");
  const Descriptor file(::open(path.c_str(), O_RDONLY));
  struct stat status;
  ASSERT_EQ(::fstat(file.get(), &status), 0);
  const FileStamp before = FileStamp::of(status);
  MemoryUse use;
  using Snapshot = WholeFile::Snapshot;
  std::ofstream(path, std::ios::app) << "more";
  EXPECT_FALSE(WholeFile::read_from(file.get(), before, use, Snapshot::Settled));
  Ref<WholeFile> whole = WholeFile::read_from(file.get(), before, use, Snapshot::Any);
  ASSERT_TRUE(whole);
  EXPECT_EQ(as_text(*whole->whole()), "0123456789") << "as many as it had when it was looked at";
  fs::resize_file(path, 4);
  EXPECT_FALSE(WholeFile::read_from(file.get(), before, use, Snapshot::Settled));
  whole = WholeFile::read_from(file.get(), before, use, Snapshot::Any);
  ASSERT_TRUE(whole);
  EXPECT_EQ(as_text(*whole->whole()), "0123") << "or fewer, where it was cut";
  EXPECT_EQ(use.bytes, 4u);
}

// -- The folder is made again

TEST_F(DiskStoreTest, ASiteThatIsRemovedAndMadeAgainIsServedAgain) {
  DiskStore store = open();
  EXPECT_EQ(content(store, "index.html", now_), "home");
  fs::remove_all(root());
  EXPECT_EQ(store.lookup("index.html", now_ + 1s).status, LookupStatus::NotFound);
  write("index.html", "made again");
  EXPECT_EQ(content(store, "index.html", now_ + 1s), "made again");
  EXPECT_EQ(content(store, "../secret.txt", now_ + 1s), "(none)");
}

TEST_F(DiskStoreTest, ASiteThatIsRenamedAwayIsServedUntilAnotherStandsThere) {
  DiskStore store = open();
  fs::rename(root(), base_ / "old");
  EXPECT_EQ(content(store, "index.html", now_), "home");
  write("index.html", "new");
  EXPECT_EQ(content(store, "index.html", now_ + 999ms), "home");
  EXPECT_EQ(content(store, "index.html", now_ + 1s), "new");
}

TEST_F(DiskStoreTest, ALinkToTheSiteThatIsMovedOnIsFollowed) {
  fs::create_symlink(root(), base_ / "current");
  auto store = DiskStore::open((base_ / "current").string(), {});
  ASSERT_TRUE(store.has_value());
  EXPECT_EQ(content(*store, "index.html", now_), "home");
  fs::create_directory(base_ / "next");
  std::ofstream(base_ / "next" / "index.html") << "next";
  fs::create_symlink(base_ / "next", base_ / "new");
  fs::rename(base_ / "new", base_ / "current");
  EXPECT_EQ(content(*store, "index.html", now_ + 1s), "next");
}

TEST_F(DiskStoreTest, AFileInItsPlaceIsNoSite) {
  DiskStore store = open();
  fs::rename(root(), base_ / "old");
  std::ofstream(root()) << "a file";
  EXPECT_EQ(content(store, "index.html", now_), "home");
  fs::remove(root());
  fs::rename(base_ / "old", root());
}

TEST_F(DiskStoreTest, ThroughItsOpenParentASiteIsFoundAgain) {
  // /base may not be searched, /base/public may.
  fs::create_directory(base_ / "public");
  fs::create_directory(base_ / "public" / "site");
  auto store = DiskStore::open((base_ / "public" / "site").string(), {});
  ASSERT_TRUE(store.has_value());
  fs::remove_all(base_ / "public" / "site");
  fs::create_directory(base_ / "public" / "site");
  std::ofstream(base_ / "public" / "site" / "index.html") << "again";
  const AsNobody rights;
  EXPECT_EQ(content(*store, "index.html", now_), "again");
}

TEST_F(DiskStoreTest, InAPrivateHomeAKeeperFindsItAgain) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has rights to keep";
  DiskStore store = open();
  store.start_keeper({});
  fs::remove_all(root());
  write("index.html", "again");
  const AsNobody rights;
  store.on_rights_given_up(false);
  EXPECT_EQ(content(store, "index.html", now_), "again");
}

TEST_F(DiskStoreTest, AKeeperHandsOutNoFolderOfAnotherOwnerAndFollowsNoLink) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has rights to keep";
  DiskStore store = open();
  store.start_keeper({});
  fs::rename(root(), base_ / "old");
  fs::create_directory(root());
  std::ofstream(root() / "index.html") << "another's";
  ASSERT_EQ(::chown(root().c_str(), 65534, 65534), 0);
  {
    const AsNobody rights;
    EXPECT_EQ(content(store, "index.html", now_), "home") << "the old one stays";
  }
  fs::remove_all(root());
  fs::create_directory(base_ / "elsewhere");
  std::ofstream(base_ / "elsewhere" / "index.html") << "elsewhere";
  fs::create_symlink("elsewhere", root());
  {
    const AsNobody rights;
    EXPECT_EQ(content(store, "index.html", now_ + 1s), "home");
  }
  fs::remove(root());
  fs::rename(base_ / "old", root());
}

TEST_F(DiskStoreTest, AKeeperThatIsNotNeededIsLetGo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has rights to keep";
  fs::permissions(base_, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
  auto root_folder = SiteRoot::open(root().string());
  ASSERT_TRUE(root_folder.has_value());
  root_folder->start_keeper({});
  EXPECT_TRUE(root_folder->has_keeper());
  const AsNobody rights;
  root_folder->on_rights_given_up(false);
  EXPECT_FALSE(root_folder->has_keeper());
}

// -- Absolute links

TEST_F(DiskStoreTest, AbsoluteLinksThatStayInsideAreFollowed) {
  write("docs/page.html", "page");
  fs::create_symlink(root() / "docs" / "page.html", root() / "file");
  fs::create_symlink(root() / "docs", root() / "folder");
  fs::create_symlink(root(), root() / "itself");
  fs::create_symlink("folder/page.html", root() / "through");         // relative, then absolute
  fs::create_symlink(root() / "through", root() / "docs" / "chain");  // and the other way round
  fs::create_symlink(root().string() + "//docs/./page.html", root() / "untidy");
  fs::create_symlink("../index.html", root() / "docs" / "up");
  DiskStore store = open();
  for (const Text path : {"file", "folder/page.html", "itself/docs/page.html", "through",
                          "docs/chain", "itself/itself/folder/chain", "untidy"}) {
    EXPECT_EQ(content(store, path, now_), "page") << path;
  }
  EXPECT_EQ(content(store, "folder/up", now_), "home");
  EXPECT_EQ(store.lookup("folder", now_).status, LookupStatus::Directory);
  EXPECT_EQ(store.lookup("itself", now_).status, LookupStatus::Directory);
  EXPECT_EQ(store.lookup("folder/none", now_).status, LookupStatus::NotFound);
}

TEST_F(DiskStoreTest, AnAbsoluteLinkMayNameTheSiteAsGivenOrAsItIs) {
  fs::create_symlink(root(), base_ / "alias");
  fs::create_symlink(base_ / "alias" / "index.html", root() / "as-given");
  fs::create_symlink(root() / "index.html", root() / "as-it-is");
  for (const char* end : {"", "/", "/."}) {
    auto store = DiskStore::open((base_ / "alias").string() + end, {});
    ASSERT_TRUE(store.has_value());
    EXPECT_EQ(content(*store, "as-given", now_), "home");
    EXPECT_EQ(content(*store, "as-it-is", now_), "home");
  }
  DiskStore plain = open();
  EXPECT_EQ(content(plain, "as-given", now_), "(none)") << "nobody gave that name";
}

TEST_F(DiskStoreTest, AbsoluteLinksThatLeadOutAreNotFollowed) {
  fs::create_directory(base_ / "site-secret");
  std::ofstream(base_ / "site-secret" / "f") << "secret";
  fs::create_symlink(base_ / "site-secret" / "f", root() / "neighbour");
  fs::create_symlink(root().string() + "/../secret.txt", root() / "back");
  fs::create_symlink(root().string() + "/out", root() / "in-then-out");
  fs::create_symlink("../secret.txt", root() / "out");
  fs::create_symlink("/proc/self/root" + (root() / "index.html").string(), root() / "magic");
  fs::create_symlink(base_, root() / "above");
  fs::create_symlink("/", root() / "top");
  DiskStore store = open();
  for (const Text path : {"neighbour", "back", "in-then-out", "magic", "above/secret.txt",
                          "above/site/index.html", "top/etc/passwd"}) {
    EXPECT_EQ(store.lookup(path, now_).status, LookupStatus::NotFound) << path;
  }
}

TEST_F(DiskStoreTest, LinksAreFollowedFortyTimes) {
  const auto link = [&](int i) { return root() / ("link" + std::to_string(i)); };
  fs::create_symlink(root() / "index.html", link(0));
  for (int i = 1; i < 41; ++i) fs::create_symlink(link(i - 1), link(i));
  fs::create_symlink(root() / "loop", root() / "loop");
  DiskStore store = open();
  EXPECT_EQ(content(store, "link39", now_), "home");
  EXPECT_EQ(store.lookup("link40", now_).status, LookupStatus::NotFound);
  EXPECT_EQ(store.lookup("loop", now_).status, LookupStatus::NotFound);
}

TEST_F(DiskStoreTest, BehindAnAbsoluteLinkRightsCountToo) {
  write("private", "x");
  fs::permissions(root() / "private", fs::perms::none);
  fs::create_symlink(root() / "private", root() / "link");
  DiskStore store = open();
  const AsNobody rights;
  EXPECT_EQ(store.lookup("link", now_).status, LookupStatus::Forbidden);
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
