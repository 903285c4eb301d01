// The tables of reasons and verdicts: complete, unique, and written in one style.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "stack/trace/event.h"
#include "stack/trace/language.h"
#include "stack/trace/packet_event_words.h"
#include "stack/trace/reason_class.h"
#include "tests/support/glossary_terms.h"

namespace glasstcp {
namespace {

// "RFC 9293 §3.8.6.2.1": the form that the index of rules and the anchors in the code use.
bool is_rfc_section(std::string_view text) {
  const std::string_view sign = " §";
  const std::size_t at = text.find(sign);
  if (!text.starts_with("RFC ") || at == std::string_view::npos) return false;
  const std::string_view number = text.substr(4, at - 4);
  const std::string_view section = text.substr(at + sign.size());
  if (number.size() < 3 || number.find_first_not_of("0123456789") != std::string_view::npos)
    return false;
  if (section.empty() || section.front() == '.' || section.back() == '.') return false;
  return section.find_first_not_of("0123456789.") == std::string_view::npos;
}

// Every row of both tables obeys the same rules.
template <typename Row>
void expect_good_row(const Row& row) {
  const std::string name(row.name);
  EXPECT_TRUE(is_rfc_section(row.rfc)) << name << ": " << row.rfc;
  EXPECT_NE(row.sentence.back(), '.') << name;
  EXPECT_FALSE(row.sentence_zh.ends_with("。")) << name;
  EXPECT_EQ(row.sentence.find('\n'), std::string_view::npos) << name;
  for (const char c : row.sentence) EXPECT_TRUE(static_cast<unsigned char>(c) < 0x80) << name;
  EXPECT_LE(row.sentence.size(), 120U) << name << " is too long to be read beside a packet";
  EXPECT_GE(row.sentence_zh.size(), 9U) << name;
  EXPECT_NE(static_cast<unsigned char>(row.sentence_zh.back()), '.') << name;
}

TEST(ReasonTable, HasAGoodRowForEveryReason) {
  EXPECT_EQ(all_reasons().size(), static_cast<std::size_t>(kSendReasonCount));
  std::set<std::string_view> names, sentences, sentences_zh;
  for (const ReasonInfo& row : all_reasons()) {
    expect_good_row(row);
    EXPECT_EQ(&info(row.reason), &row);
    names.insert(row.name);
    sentences.insert(row.sentence);
    sentences_zh.insert(row.sentence_zh);
  }
  EXPECT_EQ(names.size(), all_reasons().size());
  EXPECT_EQ(sentences.size(), all_reasons().size())
      << "two reasons are told apart by their sentences";
  EXPECT_EQ(sentences_zh.size(), all_reasons().size());
}

TEST(VerdictTable, HasAGoodRowForEveryVerdict) {
  EXPECT_EQ(all_verdicts().size(), static_cast<std::size_t>(kVerdictCount));
  std::set<std::string_view> names, sentences;
  for (const VerdictInfo& row : all_verdicts()) {
    expect_good_row(row);
    EXPECT_EQ(&info(row.verdict), &row);
    names.insert(row.name);
    sentences.insert(row.sentence);
  }
  EXPECT_EQ(names.size(), all_verdicts().size());
  EXPECT_EQ(sentences.size(), all_verdicts().size());
}

// The relative luminance of "#rrggbb" (WCAG 2).
double luminance(std::string_view colour) {
  double sum = 0;
  constexpr double kWeights[] = {0.2126, 0.7152, 0.0722};
  for (std::size_t i = 0; i < 3; ++i) {
    const double c = std::stoi(std::string(colour.substr(1 + 2 * i, 2)), nullptr, 16) / 255.0;
    sum += kWeights[i] * (c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
  }
  return sum;
}
double contrast(std::string_view a, std::string_view b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(ReasonClassTable, IsLegibleAndNeverTellsByColourAlone) {
  std::set<std::string_view> keys, names, names_zh, marks;
  for (const ReasonClassInfo& row : all_reason_classes()) {
    const double least = row.reason_class == ReasonClass::NotTcp ? 3.0 : 4.5;
    EXPECT_GE(contrast(row.light, "#ffffff"), least) << row.key;
    EXPECT_GE(contrast(row.dark, "#12161d"), least - 1) << row.key;
    EXPECT_GE(contrast(row.tint, "#000000"), 7.0) << row.key;
    keys.insert(row.key), names.insert(row.name), names_zh.insert(row.name_zh);
    marks.insert(row.mark);
  }
  for (const auto* set : {&keys, &names, &names_zh, &marks}) {
    EXPECT_EQ(set->size(), static_cast<std::size_t>(kReasonClassCount));
  }
}

TEST(ReasonClassTable, HasAClassForEveryReasonAndVerdict) {
  EXPECT_EQ(class_of(SendReason::SynAckRetransmit), ReasonClass::Opening);
  EXPECT_EQ(class_of(SendReason::NewData), ReasonClass::Data);
  EXPECT_EQ(class_of(SendReason::AckDelayTimer), ReasonClass::Acknowledgment);
  EXPECT_EQ(class_of(SendReason::AckFin), ReasonClass::Closing);
  EXPECT_EQ(class_of(SendReason::NewDataFin), ReasonClass::Closing);
  EXPECT_EQ(class_of(SendReason::WindowUpdate), ReasonClass::FlowControl);
  EXPECT_EQ(class_of(SendReason::KeepAlive), ReasonClass::Acknowledgment);
  EXPECT_EQ(class_of(SendReason::TailLossProbe), ReasonClass::LossRecovery);
  EXPECT_EQ(class_of(SendReason::AckOutOfOrder), ReasonClass::LossRecovery);
  EXPECT_EQ(class_of(SendReason::ChallengeReset), ReasonClass::Defence);
  EXPECT_EQ(class_of(SendReason::RstAborted), ReasonClass::Reset);
  EXPECT_EQ(class_of(SendReason::EchoReply), ReasonClass::NotTcp);
  EXPECT_EQ(class_of(PacketEvent::PeerReset), ReasonClass::Reset);
  EXPECT_EQ(class_of(Verdict::Accepted), ReasonClass::Data);
  EXPECT_EQ(class_of(PacketEvent::DuplicateAck), ReasonClass::LossRecovery);
  EXPECT_EQ(class_of(PacketEvent::PeerFin), ReasonClass::Closing);
  EXPECT_EQ(class_of(PacketEvent::AckOfData), ReasonClass::Acknowledgment);
  EXPECT_EQ(class_of(Verdict::HandshakeComplete), ReasonClass::Opening);
  EXPECT_EQ(class_of(Verdict::AcceptedOutOfOrder), ReasonClass::LossRecovery);
  EXPECT_EQ(class_of(Verdict::ResetAccepted), ReasonClass::Reset);
  EXPECT_EQ(class_of(Verdict::PawsRejected), ReasonClass::Defence);
  EXPECT_EQ(class_of(Verdict::BadIpChecksum), ReasonClass::NotTcp);
}

TEST(ReasonTable, NamesAreTheEnumerators) {
  EXPECT_EQ(name_of(SendReason::Syn), "Syn");
  EXPECT_EQ(name_of(SendReason::NewData), "NewData");
  EXPECT_EQ(name_of(SendReason::FastRetransmit), "FastRetransmit");
  EXPECT_EQ(name_of(SendReason::ChallengeAck), "ChallengeAck");
  EXPECT_EQ(name_of(SendReason::RstOutOfMemory), "RstOutOfMemory");
  EXPECT_EQ(name_of(SendReason::IcmpTimeExceeded), "IcmpTimeExceeded");
  EXPECT_EQ(name_of(Verdict::Accepted), "Accepted");
  EXPECT_EQ(name_of(Verdict::BadTcpPort), "BadTcpPort");
  EXPECT_EQ(name_of(Verdict::ReassemblyFull), "ReassemblyFull");
  EXPECT_EQ(name_of(TimerName::Retransmit), "Retransmit");
  EXPECT_EQ(name_of(TimerName::Pacing), "Pacing");
}

TEST(TimerTable, EveryTimerHasItsSentencesInBothLanguages) {
  std::set<std::string_view> sentences;
  std::size_t place = 0;
  for (const TimerInfo& row : all_timers()) {
    EXPECT_EQ(static_cast<std::size_t>(row.timer), place++);
    EXPECT_EQ(&info(row.timer), &row);
    EXPECT_FALSE(row.name.empty() || row.sentence.empty() || row.sentence_zh.empty()) << row.name;
    EXPECT_NE(row.sentence.back(), '.') << row.name;
    sentences.insert(row.sentence);
  }
  EXPECT_EQ(sentences.size(), all_timers().size());
}

TEST(ReasonTable, SpeaksBothLanguages) {
  EXPECT_EQ(sentence(SendReason::RstAborted, Language::English),
            "the application aborted the connection");
  EXPECT_EQ(sentence(SendReason::RstAborted, Language::Chinese), "应用程序中止了连接");
  EXPECT_EQ(sentence(Verdict::BadIpChecksum, Language::Chinese), "IPv4 首部检验和错误");
}

using test::expect_terms_of_the_glossary;

TEST(ChineseSentences, UseTheTermsOfTheGlossary) {
  for (const ReasonInfo& row : all_reasons())
    expect_terms_of_the_glossary(row.name, row.sentence_zh);
  for (const VerdictInfo& row : all_verdicts())
    expect_terms_of_the_glossary(row.name, row.sentence_zh);
  for (const ReasonClassInfo& row : all_reason_classes())
    expect_terms_of_the_glossary(row.key, row.name_zh);
  for (const TimerInfo& row : all_timers()) {
    expect_terms_of_the_glossary(row.name, row.sentence_zh);
    TextBuffer expired;
    add_timer_words(expired, row.timer, Language::Chinese);
    expect_terms_of_the_glossary(row.name, expired.view());
  }
}

TEST(ChineseSentences, OfEventsUseTheTermsOfTheGlossary) {
  for (const PacketEventInfo& row : all_packet_events()) {
    TextBuffer words;
    add_event_words(words, {.what = row.event, .count = 3, .from = 1, .to = 2}, Language::Chinese);
    EXPECT_FALSE(words.view().empty()) << row.name;
    expect_terms_of_the_glossary(row.name, words.view());
  }
  for (int cause = 0; cause < kStateCauseCount; ++cause) {
    TextBuffer words;
    add_step_words(words, {.cause = static_cast<StateCause>(cause)}, Language::Chinese);
    expect_terms_of_the_glossary("cause " + std::to_string(cause), words.view());
  }
}

// An event, a change of state and a close are told apart by their words alone.
TEST(EnglishSentences, OfEventsStepsAndClosesDiffer) {
  std::set<std::string> events, steps, closes;
  for (const PacketEventInfo& row : all_packet_events()) {
    TextBuffer words;
    add_event_words(words, {.what = row.event, .count = 3, .from = 1, .to = 2}, Language::English);
    EXPECT_TRUE(events.emplace(words.view()).second) << row.name << ": " << words.view();
  }
  for (int cause = 0; cause < kStateCauseCount; ++cause) {
    TextBuffer words;
    add_step_words(words, {.cause = static_cast<StateCause>(cause)}, Language::English);
    EXPECT_TRUE(steps.emplace(words.view()).second) << words.view();
  }
  for (auto cause = CloseCause::Idle; cause <= CloseCause::NoRoom;
       cause = static_cast<CloseCause>(static_cast<int>(cause) + 1)) {
    for (const Language language : {Language::English, Language::Chinese}) {
      TextBuffer words;
      add_close_words(words, {.cause = cause, .after = 5s, .rate = 500}, language);
      EXPECT_TRUE(closes.emplace(words.view()).second) << words.view();
      if (language == Language::Chinese)
        expect_terms_of_the_glossary("close " + std::to_string(static_cast<int>(cause)),
                                     words.view());
    }
  }
  TextBuffer unknown;
  add_close_words(unknown, {}, Language::English);
  EXPECT_TRUE(unknown.view().empty());
}

TEST(ReasonTable, KnowsWhatIsARetransmission) {
  for (const SendReason r :
       {SendReason::SynRetransmit, SendReason::RetransmitTimeout, SendReason::FastRetransmit,
        SendReason::SackHole, SendReason::TailLossProbe, SendReason::MtuRetransmit}) {
    EXPECT_TRUE(is_retransmission(r)) << name_of(r);
  }
  for (const SendReason r :
       {SendReason::Syn, SendReason::NewData, SendReason::LimitedTransmit,
        SendReason::ZeroWindowProbe, SendReason::AckOutOfOrder, SendReason::MtuProbe}) {
    EXPECT_FALSE(is_retransmission(r)) << name_of(r);
  }
}

}  // namespace
}  // namespace glasstcp
