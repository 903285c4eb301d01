// Whom the server becomes: every case of the decision, without having to be root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tun/host/privileges.h"

namespace glasstcp {
namespace {

constexpr Identity kNobody{65534, 65534};
constexpr Identity kStudent{1000, 1000};
constexpr Identity kOwner{501, 20};

PrivilegeFacts as_root() {
  PrivilegeFacts facts;
  facts.nobody = kNobody;
  facts.users = IdMap("         0          0 4294967295\n");
  facts.groups = facts.users;
  return facts;
}

TEST(Privileges, RootBecomesNobody) {
  const PrivilegeDecision decision = decide_privileges(as_root());
  EXPECT_EQ(decision.become, kNobody);
  EXPECT_EQ(decision.note, "");
}

TEST(Privileges, BehindSudoStandsTheUserWhoCalledIt) {
  PrivilegeFacts facts = as_root();
  facts.behind_sudo = kStudent;
  EXPECT_EQ(decide_privileges(facts).become, kStudent);
}

TEST(Privileges, RootBehindSudoIsNobodyToo) {
  PrivilegeFacts facts = as_root();
  facts.behind_sudo = Identity{0, 0};
  EXPECT_EQ(decide_privileges(facts).become, kNobody);
}

TEST(Privileges, InAContainerTheOwnerOfTheSite) {
  PrivilegeFacts facts = as_root();
  facts.site_owner = kOwner;
  EXPECT_EQ(decide_privileges(facts).become, kNobody) << "outside a container the owner is nothing";
  facts.in_container = true;
  EXPECT_EQ(decide_privileges(facts).become, kOwner);
  facts.site_owner = Identity{0, 0};
  EXPECT_EQ(decide_privileges(facts).become, kNobody) << "a site of root's does not keep us root";
}

TEST(Privileges, TheUserThatWasAskedForWins) {
  PrivilegeFacts facts = as_root();
  facts.behind_sudo = kStudent;
  facts.requested = kOwner;
  EXPECT_EQ(decide_privileges(facts).become, kOwner);
}

TEST(Privileges, TheNumberThatChangesNothingIsNobodys) {
  // setresuid(-1) leaves root as it is.
  for (const char* user : {"4294967295", "4294967296", "-1", "nobody-of-this-name"}) {
    EXPECT_FALSE(gather_privilege_facts(user, std::nullopt).has_value()) << user;
  }
  EXPECT_TRUE(gather_privilege_facts("4294967294", std::nullopt).has_value());
}

TEST(Privileges, RootOnlyByName) {
  PrivilegeFacts facts = as_root();
  facts.requested = Identity{0, 0};
  const PrivilegeDecision decision = decide_privileges(facts);
  EXPECT_EQ(decision.become, std::nullopt);
  EXPECT_THAT(decision.note, testing::HasSubstr("--user"));
}

TEST(Privileges, WhoeverWasNeverRootStaysAndIsTold) {
  PrivilegeFacts facts = as_root();
  facts.user = 1000;
  facts.requested = kOwner;
  const PrivilegeDecision decision = decide_privileges(facts);
  EXPECT_EQ(decision.become, std::nullopt);
  EXPECT_THAT(decision.note, testing::HasSubstr("1000"));
}

TEST(Privileges, AnIdThatTheNamespaceDoesNotKnowCannotBeTaken) {
  PrivilegeFacts facts = as_root();
  facts.users = IdMap("0 1000 1\n");  // unshare -r: only root is mapped
  facts.groups = facts.users;
  const PrivilegeDecision decision = decide_privileges(facts);
  EXPECT_EQ(decision.become, std::nullopt);
  EXPECT_THAT(decision.note, testing::HasSubstr("65534"));
  facts.users = IdMap("0 100000 65536\n");
  EXPECT_EQ(decide_privileges(facts).become, std::nullopt) << "the group must be mapped too";
}

TEST(Privileges, ReadsSeveralRangesOfIds) {
  const IdMap map("0 1000 1\n1 100000 65535\nnonsense\n");
  EXPECT_TRUE(map.contains(0));
  EXPECT_TRUE(map.contains(1));
  EXPECT_TRUE(map.contains(65535));
  EXPECT_FALSE(map.contains(65536));
  EXPECT_FALSE(IdMap("").contains(0));
}

}  // namespace
}  // namespace glasstcp
