// Ecn alone: negotiation tables, echoes and counters, without a connection.
//
// RFC 3168 §6.1, RFC 9768 §3. The conversations are in tests/script/cases/ecn.
#include <gtest/gtest.h>

#include "stack/tcp/ecn/ecn.h"
#include "tests/support/covers.h"

namespace glasstcp {
namespace {

constexpr std::uint16_t kAe = TcpFlags::kAe, kCwr = TcpFlags::kCwr, kEce = TcpFlags::kEce;
constexpr EcnWill kClassicOn{EcnUse::On, false};
constexpr EcnWill kAccurateOn{EcnUse::On, true};
constexpr EcnWill kPassive{EcnUse::Passive, true};

TcpFlags with(std::uint16_t bits) {
  return {static_cast<std::uint16_t>(bits | TcpFlags::kAck)};
}
TcpFlags ace(std::uint32_t value) {
  return with(static_cast<std::uint16_t>(((value & 4U) != 0 ? kAe : 0) |
                                         ((value & 2U) != 0 ? kCwr : 0) |
                                         ((value & 1U) != 0 ? kEce : 0)));
}
EcnAgreement accurate(bool is_client) {
  EcnAgreement agreed;
  agreed.feedback = EcnFeedback::Accurate;
  agreed.may_mark = true;
  agreed.is_client = is_client;
  return agreed;
}
EcnArrival text(IpEcn field, std::uint32_t bytes, std::uint32_t segments = 1) {
  return {with(0), field, segments, bytes};
}
EcnAck report(std::uint32_t value, std::uint32_t segments) {
  return {ace(value), segments, true, nullptr};
}
// As a server, with the handshake behind it.
Ecn server() {
  Ecn ecn(accurate(false));
  EXPECT_FALSE(ecn.on_ack(report(2, 1)));
  return ecn;
}

TEST(EcnNegotiation, EveryAnswerOfAServer) {
  COVERS("R9768-03", "R9768-06", "R3168-03");
  const struct {
    std::uint16_t asked;
    EcnFeedback accurate_too, classic_only;
  } rows[] = {
      {0, EcnFeedback::None, EcnFeedback::None},
      {kEce, EcnFeedback::Accurate, EcnFeedback::None},
      {kCwr, EcnFeedback::Accurate, EcnFeedback::None},
      {kCwr | kEce, EcnFeedback::Classic, EcnFeedback::Classic},
      {kAe, EcnFeedback::Accurate, EcnFeedback::None},
      {kAe | kEce, EcnFeedback::Accurate, EcnFeedback::None},
      {kAe | kCwr, EcnFeedback::Accurate, EcnFeedback::None},
      {kAe | kCwr | kEce, EcnFeedback::Accurate, EcnFeedback::Classic},
  };
  for (const auto& row : rows) {
    const TcpFlags syn{static_cast<std::uint16_t>(row.asked | TcpFlags::kSyn)};
    EXPECT_EQ(answer_ecn_syn(kPassive, syn, IpEcn::NotEct).feedback, row.accurate_too) << row.asked;
    EXPECT_EQ(answer_ecn_syn({EcnUse::Passive, false}, syn, IpEcn::NotEct).feedback,
              row.classic_only)
        << row.asked;
    EXPECT_EQ(answer_ecn_syn({EcnUse::Off, true}, syn, IpEcn::NotEct).feedback, EcnFeedback::None);
  }
}

// One rule for half-open records, connections by Fast Open, and a client's SYN-ACK.
TEST(EcnNegotiation, AHandshakeThatComesAgainMayContradictItself) {
  COVERS("R9768-23", "R9768-24", "R9768-04");
  const TcpFlags classic{kCwr | kEce | TcpFlags::kSyn};
  const TcpFlags all{kAe | kCwr | kEce | TcpFlags::kSyn};
  const TcpFlags plain{TcpFlags::kSyn};
  EcnAgreement agreed = answer_ecn_syn(kPassive, all, IpEcn::NotEct);
  EXPECT_TRUE(agreed.is_contradicted_by(agreed.asked_again(classic, IpEcn::NotEct)));
  EXPECT_FALSE(agreed.is_contradicted_by(agreed.asked_again(all, IpEcn::Ce)));
  EXPECT_FALSE(agreed.is_contradicted_by(agreed.asked_again(plain, IpEcn::Ce)));
  agreed.on_syn_again(agreed.asked_again(plain, IpEcn::Ce));
  EXPECT_EQ(agreed.peer_syn, IpEcn::Ce);
  EXPECT_FALSE(agreed.may_mark);
  // Who knows only the classic kind grants it to both, and sees no difference.
  EcnAgreement old = answer_ecn_syn({EcnUse::Passive, false}, all, IpEcn::NotEct);
  EXPECT_FALSE(old.is_contradicted_by(old.asked_again(all, IpEcn::NotEct)));
  EXPECT_TRUE(old.may_mark);
  // AE alone asks for nothing that it knows.
  old.on_syn_again(old.asked_again({kAe | TcpFlags::kSyn}, IpEcn::NotEct));
  EXPECT_FALSE(old.may_mark);
}

TEST(EcnNegotiation, EveryAnswerToAClient) {
  COVERS("R9768-06", "R9768-25");
  const struct {
    std::uint16_t granted;
    EcnFeedback to_accurate, to_classic;
    bool marks_if_accurate;
  } rows[] = {
      {0, EcnFeedback::None, EcnFeedback::None, false},
      {kEce, EcnFeedback::Classic, EcnFeedback::Classic, true},
      {kCwr, EcnFeedback::Accurate, EcnFeedback::None, true},
      {kCwr | kEce, EcnFeedback::Accurate, EcnFeedback::None, false},  // arrived as ECT(1)
      {kAe, EcnFeedback::Accurate, EcnFeedback::None, false},          // as ECT(0)
      {kAe | kEce, EcnFeedback::Accurate, EcnFeedback::None, true},    // reserved
      {kAe | kCwr, EcnFeedback::Accurate, EcnFeedback::None, false},   // as CE
      {kAe | kCwr | kEce, EcnFeedback::None, EcnFeedback::None, false},
  };
  for (const auto& row : rows) {
    const EcnAgreement a = read_ecn_syn_ack(kAccurateOn, 0, with(row.granted), IpEcn::NotEct);
    EXPECT_EQ(a.feedback, row.to_accurate) << row.granted;
    EXPECT_EQ(a.may_mark, row.marks_if_accurate) << row.granted;
    EXPECT_EQ(read_ecn_syn_ack(kClassicOn, 0, with(row.granted), IpEcn::NotEct).feedback,
              row.to_classic)
        << row.granted;
    EXPECT_EQ(read_ecn_syn_ack(kPassive, 0, with(row.granted), IpEcn::NotEct).feedback,
              EcnFeedback::None);
  }
}

TEST(EcnNegotiation, WhoSentAPlainSynDoesNotMarkInTheClassicMode) {
  COVERS("SHLD-8", "R3168-01");
  EXPECT_TRUE(read_ecn_syn_ack(kClassicOn, 0, with(kEce), IpEcn::NotEct).may_mark);
  EXPECT_FALSE(read_ecn_syn_ack(kClassicOn, 1, with(kEce), IpEcn::NotEct).may_mark);
  // Only a server in the accurate mode answers so: its client may mark all the same.
  EXPECT_TRUE(read_ecn_syn_ack(kAccurateOn, 2, with(kCwr), IpEcn::NotEct).may_mark);
}

TEST(EcnReceiver, CountsAndWraps) {
  COVERS("R9768-10", "R9768-13");
  Ecn ecn = server();
  EXPECT_EQ(ace_of({ecn.flags(true)}), 5U);
  for (std::uint32_t marks = 1; marks <= 20; ++marks) {
    ecn.on_segment(text(IpEcn::Ce, 0), false);
    EXPECT_EQ(ace_of({ecn.flags(false)}), (5 + marks) % 8);
  }
}

TEST(EcnReceiver, AsksForAcknowledgmentsBeforeTheCounterWraps) {
  COVERS("R9768-11", "R9768-12");
  Ecn ecn = server();
  EXPECT_FALSE(ecn.on_segment(text(IpEcn::Ect0, 100), true));
  EXPECT_TRUE(ecn.on_segment(text(IpEcn::Ce, 100), true));  // marks begin
  ecn.on_ack_sent(true, true);
  EXPECT_FALSE(ecn.on_segment(text(IpEcn::Ce, 100), false));
  EXPECT_TRUE(ecn.on_segment(text(IpEcn::Ce, 100), true));
  ecn.on_ack_sent(true, true);
  EXPECT_TRUE(ecn.on_segment(text(IpEcn::Ce, 1000, 2), false));  // two in one merged packet
  ecn.on_ack_sent(true, true);
  // Marked control packets, with nothing to acknowledge: the third.
  EXPECT_FALSE(ecn.on_segment(text(IpEcn::Ce, 0), false));
  EXPECT_FALSE(ecn.on_segment(text(IpEcn::Ce, 0), false));
  EXPECT_TRUE(ecn.on_segment(text(IpEcn::Ce, 0), false));
}

TEST(EcnReceiver, AMarkedSynAckIsCountedOnce) {
  COVERS("R9768-08", "R9768-09");
  EcnAgreement agreed = accurate(true);
  agreed.peer_syn = IpEcn::Ce;
  Ecn ecn(agreed);
  EXPECT_EQ(ace_of({ecn.flags(true)}), 6U);
  ecn.on_ack_sent(true, false);
  agreed.peer_syn = IpEcn::Ce;
  ecn.on_syn_ack_again(agreed);
  EXPECT_EQ(ace_of({ecn.flags(false)}), 6U);
  agreed.peer_syn = IpEcn::Ect0;
  ecn.on_syn_ack_again(agreed);
  EXPECT_EQ(ace_of({ecn.flags(true)}), 4U);   // the newest
  EXPECT_EQ(ace_of({ecn.flags(false)}), 6U);  // with text it is the counter
}

TEST(EcnSender, EveryFirstAcknowledgmentOfASynAck) {
  COVERS("R9768-15", "R9768-25");
  for (std::uint32_t value = 0; value < 8; ++value) {
    Ecn ecn(accurate(false));
    EXPECT_EQ(ecn.on_ack(report(value, 1)), value == 6) << value;
    const bool is_clean = value == 1 || value == 2 || value == 5 || value == 7;
    EXPECT_EQ(ecn.agreed().may_mark, is_clean) << value;
    EXPECT_EQ(ecn.reported_marks(), value == 6 ? 6U : 5U) << value;
    if (value == 0) {
      EXPECT_FALSE(ecn.on_ack(report(7, 3)));
    }
  }
}

TEST(EcnSender, ReadsIncrementsModuloEight) {
  COVERS("R9768-16", "R9768-17");
  Ecn ecn = server();
  EXPECT_FALSE(ecn.on_ack(report(5, 2)));
  EXPECT_TRUE(ecn.on_ack(report(7, 2)));
  EXPECT_EQ(ecn.reported_marks(), 7U);
  EXPECT_TRUE(ecn.on_ack(report(1, 2)));  // 7 -> 9
  EXPECT_EQ(ecn.reported_marks(), 9U);
  // Twenty segments at once and two marks by the counter: it may have come round twice.
  EXPECT_TRUE(ecn.on_ack(report(3, 20)));
  EXPECT_EQ(ecn.reported_marks(), 9U + 18U);
  // A merged acknowledgment without any increment is no congestion.
  EXPECT_FALSE(ecn.on_ack(report(3, 40)));
  // An acknowledgment that was overtaken shows an older counter.
  EXPECT_FALSE(ecn.on_ack(report(2, 0)));
  EXPECT_EQ(ecn.reported_marks(), 27U);
}

TEST(EcnSender, BytesAreTakenModulo24Bits) {
  COVERS("R9768-18");
  Ecn ecn = server();
  std::optional<AccurateEcnOption> option = AccurateEcnOption{};
  option->fields = 2;
  option->ce_bytes = 0xfffff0;  // half a circle back: an older value
  EcnAck r = report(5, 1);
  r.option = &option;
  EXPECT_FALSE(ecn.on_ack(r));
  option->ce_bytes = 1000;
  r.flags = ace(6);
  EXPECT_TRUE(ecn.on_ack(r));
  EXPECT_TRUE(ecn.agreed().may_mark);
}

TEST(EcnSender, OnlyTheClassicWaySaysThatTheWindowWasReduced) {
  COVERS("R3168-06", "R9768-20");
  EcnAgreement agreed;
  agreed.feedback = EcnFeedback::Classic;
  agreed.may_mark = true;
  Ecn ecn(agreed);
  EXPECT_FALSE(ecn.on_ack({with(kEce), 1, true, nullptr}));  // the handshake's
  EXPECT_TRUE(ecn.on_ack({with(kEce), 1, true, nullptr}));
  ecn.on_reduction();
  EXPECT_TRUE(ecn.goes_alone());
  ecn.on_data_sent(SeqNum(1500));
  EXPECT_FALSE(ecn.goes_alone());
  Ecn accurate_one = server();
  accurate_one.on_reduction();
  EXPECT_FALSE(accurate_one.goes_alone());
}

// RFC 3168 §6.1.2: the peer repeats itself until it has got CWR.
TEST(EcnSender, AnEchoIsNewsOnlyBehindCwr) {
  COVERS("R3168-05");
  EcnAgreement agreed;
  agreed.feedback = EcnFeedback::Classic;
  agreed.is_client = true;
  Ecn ecn(agreed);
  const auto echo_with = [&](std::uint32_t ack) {
    return ecn.on_ack({with(kEce), 1, true, nullptr, SeqNum(ack)});
  };
  EXPECT_TRUE(echo_with(1000));
  ecn.on_reduction();
  EXPECT_FALSE(echo_with(1000));  // before CWR left
  ecn.on_data_sent(SeqNum(1500));
  ecn.on_data_sent(SeqNum(2500));  // without CWR
  EXPECT_FALSE(echo_with(1499));
  EXPECT_TRUE(echo_with(1500));
}

}  // namespace
}  // namespace glasstcp
