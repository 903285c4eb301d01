// The views of `glasstcp report`: page, Markdown, JSON and figures of a capture made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "generated/version.h"
#include "tests/support/glossary_terms.h"
#include "tests/support/markup_checker.h"
#include "tests/support/sample_capture.h"
#include "tun/report/view/ladder.h"
#include "tun/report/view/markup.h"
#include "tun/report/view/report.h"
#include "tun/report/view/sections.h"
#include "tun/report/view/words.h"

namespace glasstcp::report {
namespace {

using test::sample_capture;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Ends of tags, attributes, tables and code; controls, marks of spans, broken UTF-8, direction.
const std::string kHostile =
    "\"'><script>alert(1)</"
    "script>&amp;`|*_[x](javascript:1)\x01\x02\x04\x1b[31m\r\n\xff\xc3\xe2\x80"
    "\xae--></style></pre>";

constexpr std::array kLanguages = {Language::English, Language::Chinese};
constexpr std::array kTemplates = {Template::Report, Template::Homework};

std::string page_of(const Capture& capture, Language language, Template shape = Template::Report) {
  return html_of(document_of(capture, {language, shape, {}}));
}

// --- Text ---

TEST(ReportMarkup, ShowsControlsBrokenUtf8AndTurnsOfDirection) {
  EXPECT_EQ(visible("GET /\x1b[31m\r\n"), "GET /\\x1b[31m\\x0d\\x0a");
  EXPECT_EQ(visible("a\xff\xc3(b"), "a\\xff\\xc3(b");
  EXPECT_EQ(visible("\xe2\x80\xae"
                    "abc"),
            "\\u{202e}abc");
  EXPECT_EQ(visible("徽标"), "徽标");
  EXPECT_EQ(visible("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate is no character";
  EXPECT_EQ(visible("abcdef", 3), "abc…");
  EXPECT_EQ(visible("徽标", 4), "徽…") << "cut between two characters";
  EXPECT_EQ(visible_lines("a\r\nb\tc\x02", 100), "a\nb\tc\\x02");
}

TEST(ReportMarkup, TellsTextFromOtherBodies) {
  EXPECT_TRUE(is_text("<p>你好</p>\r\n"));
  EXPECT_TRUE(is_text(std::string_view("你好").substr(0, 5))) << "cut within a character";
  EXPECT_FALSE(is_text(std::string_view("ID3\x04\0\0\xff\xfb\x90", 9)));
  EXPECT_FALSE(is_text(std::string(40, '\0')));
}

TEST(ReportMarkup, NoValueMakesASpan) {
  const std::string marked = "see " +
                             code(
                                 "a\x01"
                                 "b\x04<c>") +
                             " in " + frame(7);
  EXPECT_EQ(to_html(marked), "see <code>a\\x01b\\x04&lt;c&gt;</code> in <b class=\"frame\">7</b>");
  EXPECT_EQ(to_plain(marked), "see a\\x01b\\x04<c> in 7");
  EXPECT_EQ(to_html("\x01open"), "<code>open</code>") << "what is open gets closed";
  EXPECT_EQ(to_html("x\x04y"), "xy") << "what was not opened is not closed";
}

TEST(ReportMarkup, EscapesMarkdown) {
  EXPECT_EQ(to_markdown("a*b_c <i> [x](y) | `z`"), "a\\*b\\_c \\<i\\> \\[x\\](y) \\| \\`z\\`");
  EXPECT_EQ(to_markdown(code("`a|b`")), "`ˋa\\|bˋ`");
  EXPECT_EQ(to_markdown("two\nlines"), "two lines");
}

TEST(ReportWords, AreThoseOfTheField) {
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(-1234), "-1,234");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(bytes_text(1, Language::English), "1 byte");
  EXPECT_EQ(bytes_text(1448, Language::Chinese), "1,448 字节");
  EXPECT_EQ(milliseconds(412'000), "0.412 ms");
  EXPECT_EQ(milliseconds(16'136'000'000), "16,136 ms");
  EXPECT_EQ(flag_names(kSyn | kAck), "SYN, ACK");
  EXPECT_EQ(flag_bits(kPsh | kAck), "0 0001 1000");
  EXPECT_EQ(state_text({State::TimeWait, State::TimeWait, Certainty::Inferred}), "(TIME-WAIT)");
  EXPECT_EQ(state_text({State::FinWait1, State::FinWait2, Certainty::Either}),
            "FIN-WAIT-1 / FIN-WAIT-2");
  EXPECT_EQ(state_text({}), "?");
  EXPECT_EQ(to_plain(frames_text({3, 0, 5}, Language::Chinese)), "第 3、5 帧");
  EXPECT_EQ(to_plain(frames_text({3}, Language::English)), "frame 3");
}

// --- The page ---

TEST(ReportPage, IsWellFormedInEachFormAndLanguage) {
  for (const Language language : kLanguages) {
    for (const Template shape : kTemplates) {
      for (const std::string& value : {std::string(), kHostile}) {
        const std::string page = page_of(sample_capture(value), language, shape);
        EXPECT_EQ(test::read_markup(page).error, "");
        const bool is_plain = language == Language::Chinese && value.empty();
        if (is_plain) test::expect_chinese_marks("page", page);
      }
    }
  }
}

TEST(ReportPage, NoValueOfACaptureMakesATag) {
  for (const Language language : kLanguages) {
    // As long, and as broken, but without what has a meaning in HTML.
    std::string harmless = kHostile;
    for (char& c : harmless) {
      if (std::string_view("<>&\"'").find(c) != std::string_view::npos) c = 'x';
    }
    const auto tame = test::read_markup(page_of(sample_capture(harmless), language));
    const auto wild = test::read_markup(page_of(sample_capture(kHostile), language));
    const auto names = [](const test::Markup& markup) {
      std::vector<std::string> out;
      for (const std::string& tag : markup.tags) out.push_back(tag.substr(0, tag.find(' ')));
      return out;
    };
    EXPECT_EQ(names(tame), names(wild));
    EXPECT_THAT(wild.text, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  }
}

TEST(ReportPage, LoadsNothingAndItsPolicySaysSo) {
  const std::string page = page_of(sample_capture(kHostile), Language::English);
  const test::Markup markup = test::read_markup(page);
  for (const std::string& tag : markup.tags) {
    EXPECT_FALSE(tag.starts_with("<script") || tag.starts_with("<link") ||
                 tag.starts_with("<img") || tag.starts_with("<iframe"))
        << tag;
    EXPECT_THAT(tag, Not(HasSubstr(" src="))) << tag;
    EXPECT_THAT(tag, Not(HasSubstr(" style="))) << "the policy forbids inline style: " << tag;
    const std::size_t link = tag.find(" href=\"");
    if (link != std::string::npos) {
      EXPECT_EQ(tag[link + 7], '#') << tag;
    }
  }
  const std::size_t begin = page.find("<style>") + 7;
  const std::string style = page.substr(begin, page.find("</style>") - begin);
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(style.data()),
                     style.size());
  std::array<char, 64> text{};
  sodium_bin2base64(text.data(), text.size(), hash.data(), hash.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'sha256-" + std::string(text.data()) +
                              "'; base-uri 'none'; form-action 'none'"));
  EXPECT_THAT(style, Not(HasSubstr("url(")));
}

TEST(ReportPage, TellsTheHandshakesAndTheClosesArithmetic) {
  const std::string page = page_of(sample_capture(), Language::English);
  EXPECT_THAT(
      page,
      AllOf(HasSubstr("0 + 0 + 1 (SYN) = <strong>1</strong>"),
            HasSubstr("<strong>0</strong> (raw 3589965652)"),
            HasSubstr("651 + 0 + 1 (FIN) = <strong>652</strong>"),
            HasSubstr("40 bytes = 10 × 4 (1010)"), HasSubstr("<code>0 0001 0010</code> SYN, ACK"),
            HasSubstr("64240 (never scaled in a SYN)"), HasSubstr("502 × 128 = 64,256")));
}

TEST(ReportPage, SaysWhoMadeItFromWhat) {
  for (const Language language : kLanguages) {
    const std::string page = page_of(sample_capture(), language);
    EXPECT_THAT(page, AllOf(HasSubstr("glasstcp " + std::string(kVersion)),
                            HasSubstr("SHA-256 " + std::string(64, 'a'))));
  }
}

TEST(ReportPage, SpeaksTheReadersLanguage) {
  const std::string english = page_of(sample_capture(), Language::English);
  for (const char c : english) {
    if (static_cast<unsigned char>(c) == 0xe4) ADD_FAILURE() << "a Chinese character";
  }
  const std::string chinese = test::read_markup(page_of(sample_capture(), Language::Chinese)).text;
  EXPECT_THAT(chinese, AllOf(HasSubstr("三次握手"), HasSubstr("失效的连接请求"), HasSubstr("2MSL"),
                             HasSubstr("开始行"), HasSubstr("首部行"), HasSubstr("实体主体")));
  EXPECT_THAT(chinese, AllOf(Not(HasSubstr("Why ")), Not(HasSubstr(" the ")),
                             Not(HasSubstr("客户机")), Not(HasSubstr("数据包"))));
}

TEST(ReportPage, ShowsOneConnectionWhereItIsAskedFor) {
  const Document two = document_of(sample_capture(), {Language::English, Template::Report, 2});
  EXPECT_TRUE(
      std::ranges::any_of(two.sections, [](const Section& s) { return s.id == "connection-2"; }));
  EXPECT_FALSE(
      std::ranges::any_of(two.sections, [](const Section& s) { return s.id == "connection-1"; }));
}

TEST(ReportPage, SurvivesACaptureWithoutAnything) {
  Capture empty;
  empty.stopped = CaptureError::Truncated;
  empty.unused.push_back({Unused::NotIp, 3, 1});
  for (const Template shape : kTemplates) {
    EXPECT_EQ(test::read_markup(page_of(empty, Language::Chinese, shape)).error, "");
  }
  EXPECT_EQ(test::json_error(json_of(empty, {})), "");
  EXPECT_FALSE(figure_file(empty, {}, FigureKind::Ladder));
}

// --- Answers ---

TEST(ReportAnswers, NameTheFramesOfThisCapture) {
  const Capture capture = sample_capture();
  const View english{capture, Language::English, {}, 0};
  const auto three =
      std::ranges::find(capture.findings, FindingKind::WhyThreeCloses, &Finding::kind);
  EXPECT_EQ(to_plain(answer_of(english, *three).paragraphs.back()),
            "Connection 1: Here three suffice: frame 71 is the first FIN (by the client), frame 72 "
            "acknowledges "
            "it and carries the second FIN as well, since that end had nothing more to send and "
            "closed at once; frame 73 acknowledges the second.");
  const View chinese{capture, Language::Chinese, {}, 0};
  EXPECT_EQ(to_plain(answer_of(chinese, capture.findings[0]).paragraphs.back()),
            "本次抓包中，第 1 帧通告客户端的初始序列号 3589965652；第 2 帧确认它（+ "
            "1），并通告服务器的初始序列号 "
            "1208044；第 3 帧再确认后者（+ 1）。");
}

TEST(ReportAnswers, SayWhatTheCaptureDoesNotShow) {
  const Capture capture = sample_capture();
  for (int kind = 0; kind <= static_cast<int>(FindingKind::WhySmallWrites); ++kind) {
    Finding finding{};
    finding.kind = static_cast<FindingKind>(kind);
    for (const Language language : kLanguages) {
      const Answer answer = answer_of({capture, language, {}, 0}, finding);
      EXPECT_FALSE(answer.is_shown);
      EXPECT_FALSE(answer.question.empty());
      ASSERT_FALSE(answer.paragraphs.empty()) << kind;
      for (const std::string& text : answer.paragraphs) EXPECT_FALSE(text.empty()) << kind;
    }
  }
}

TEST(ReportAnswers, TellTheTheoryOnceAndOnlyTheCloseThatHappened) {
  Capture capture = sample_capture();
  capture.findings.push_back(capture.findings[0]);
  capture.findings.back().connection = 1;
  Finding four{};
  four.kind = FindingKind::WhyFourCloses;
  capture.findings.push_back(four);
  const View view{capture, Language::English, {}, 0};
  const auto groups = grouped_findings(view);
  ASSERT_EQ(groups.front().size(), 2U);
  const Answer both = answer_of_group(view, groups.front());
  EXPECT_EQ(both.paragraphs.size(), 4U) << "two of theory, one for each connection";
  EXPECT_THAT(to_plain(both.paragraphs[3]), HasSubstr("Connection 2: Here frame 1"));
  for (const auto& group : groups) {
    EXPECT_NE(group.front()->kind, FindingKind::WhyFourCloses) << "this close took three";
  }
  // Where another close took four, the theory of closing stands with that one.
  const auto three =
      std::ranges::find(capture.findings, FindingKind::WhyThreeCloses, &Finding::kind);
  ASSERT_NE(three, capture.findings.end());
  EXPECT_EQ(answer_of(view, *three).paragraphs.size(), 2U);
  capture.findings.back().is_shown = true;
  EXPECT_EQ(answer_of(view, *three).paragraphs.size(), 1U);
}

// The page was fetched by a browser and, larger, by curl: the figures are those of the browser.
TEST(ReportHomework, IsAboutTheBrowsersConnection) {
  Capture capture = sample_capture();
  Connection browsers = capture.connections.front();
  const auto client_port = [](const Connection& c) {
    return std::to_string(number(c.end(Side::Client).endpoint.port));
  };
  const auto ask_as = [](Connection& c, const std::string& agent) {
    for (Message& message : c.messages) {
      std::erase_if(message.headers, [](const auto& one) { return one.first == "User-Agent"; });
      if (message.is_request) message.headers.emplace_back("User-Agent", agent);
    }
  };
  browsers.number = static_cast<std::uint32_t>(capture.connections.size() + 1);
  browsers.end(Side::Client).endpoint.port = Port{61234};
  browsers.frames.pop_back();
  ask_as(browsers, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
  ask_as(capture.connections.front(), "curl/8.5.0");
  capture.connections.push_back(browsers);
  const auto client_told = [&](const Capture& of) {
    Document document = document_of(of, {Language::English, Template::Homework, {}});
    std::erase_if(document.sections, [](const Section& one) { return one.id != "environment"; });
    return html_of(document);
  };
  EXPECT_THAT(client_told(capture), HasSubstr("61234"));
  ask_as(capture.connections.back(), "Wget/1.24");
  EXPECT_THAT(client_told(capture), HasSubstr(client_port(capture.connections.front())));
}

TEST(ReportHomework, AsksAndDoesNotAnswer) {
  const Capture capture = sample_capture();
  for (const Language language : kLanguages) {
    const View view{capture, language, {}, 0};
    const std::string page = page_of(capture, language, Template::Homework);
    for (const auto& group : grouped_findings(view)) {
      EXPECT_THAT(page, HasSubstr(to_html(question_of(view, group).text)));
      for (const std::string& text : answer_of_group(view, group).paragraphs) {
        EXPECT_THAT(page, Not(HasSubstr(to_html(text)))) << "an answer is given away";
      }
    }
    EXPECT_THAT(page, HasSubstr("class=\"space lines-"));
  }
}

// --- Figures ---

TEST(ReportLadder, HasEveryFrameInOneRow) {
  const Capture capture = sample_capture();
  for (const Connection& c : capture.connections) {
    for (const std::size_t most : {4U, 10U, 48U, 1000U}) {
      const auto rows = ladder_rows(c, most);
      EXPECT_LE(rows.size(), most);
      std::size_t next = 0;
      for (const LadderRow& row : rows) {
        EXPECT_EQ(row.first, next);
        next += row.count;
      }
      EXPECT_EQ(next, c.frames.size());
      EXPECT_TRUE(std::ranges::is_sorted(rows, {}, &LadderRow::band));
      std::size_t in_parts = 0;
      for (const auto part : parts_of(rows)) {
        EXPECT_LE(part.size(), kMostRows);
        in_parts += part.size();
      }
      EXPECT_EQ(in_parts, rows.size());
    }
  }
}

TEST(ReportLadder, FoldsLongRunsAndKeepsWhatStandsOut) {
  const Capture capture = sample_capture();
  const Connection& c = capture.connections[0];
  const auto rows = ladder_rows(c);
  const auto fold = std::ranges::find_if(rows, [](const LadderRow& r) { return r.count > 1; });
  ASSERT_NE(fold, rows.end());
  EXPECT_EQ(fold_text(c, *fold, Language::English),
            "server: 18 segments, 26,064 bytes; client: 10 ACKs");
  for (const LadderRow& row : rows) {
    if (row.count == 1) continue;
    for (std::size_t i = row.first; i < row.first + row.count; ++i) {
      EXPECT_FALSE(c.frames[i].is(Event::Retransmission) || c.frames[i].is(Event::WindowUpdate));
    }
  }
}

TEST(ReportFigures, AreXmlWithTitleAxesAndLegend) {
  for (const Language language : kLanguages) {
    const Capture capture = sample_capture(kHostile);
    for (const char* name : {"ladder", "sequence", "window", "rtt", "throughput", "close"}) {
      const auto svg = figure_file(capture, {language, Template::Report, 1}, *figure_named(name));
      ASSERT_TRUE(svg) << svg.error();
      EXPECT_EQ(test::read_markup(*svg).error, "") << name;
      EXPECT_THAT(*svg,
                  AllOf(HasSubstr("<title id="), HasSubstr("xmlns="), HasSubstr("class=\"title\""),
                        HasSubstr("prefers-color-scheme: dark")));
      EXPECT_THAT(*svg, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf\""))));
    }
  }
  EXPECT_FALSE(figure_named("pie"));
}

TEST(ReportFigures, TheCloseShowsTheStatesOfBothEnds) {
  const auto svg =
      figure_file(sample_capture(), {Language::English, Template::Report, 1}, FigureKind::Close);
  ASSERT_TRUE(svg);
  const std::string text = test::read_markup(*svg).text;
  EXPECT_THAT(text, AllOf(HasSubstr("FIN-WAIT-1"), HasSubstr("(CLOSE-WAIT)"), HasSubstr("LAST-ACK"),
                          HasSubstr("TIME-WAIT"), HasSubstr("(CLOSED)"), HasSubstr("▼ closing")));
  EXPECT_THAT(text, Not(HasSubstr("SYN")));
}

TEST(ReportFigures, SayWhatIsMissing) {
  const auto none =
      figure_file(sample_capture(), {Language::English, Template::Report, 9}, FigureKind::Ladder);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), "the capture has no connection 9: it has 2");
  const auto idle =
      figure_file(sample_capture(), {Language::Chinese, Template::Report, 2}, FigureKind::Rtt);
  ASSERT_FALSE(idle);
  EXPECT_THAT(idle.error(), HasSubstr("连接 2"));
}

TEST(ReportCharts, TicksAreRound) {
  EXPECT_EQ(tick_text(0), "0");
  EXPECT_EQ(tick_text(2500), "2500");
  EXPECT_EQ(tick_text(25000), "25k");
  EXPECT_EQ(tick_text(1'250'000), "1.25M");
  EXPECT_EQ(tick_text(0.30000000000000004), "0.3");
}

TEST(ReportCharts, OnePointIsDrawnAndNoPointIsNot) {
  Chart chart{"id", "title", "", {"x", true}, {"y", true}, {}};
  chart.series.push_back({"one", ReasonClass::Data, Shape::Steps, {{5, 5, 0}}});
  chart.series.push_back({"none", ReasonClass::Closing, Shape::Dots, {}});
  const Drawn drawn = draw(chart, Width::Wide);
  EXPECT_THAT(drawn.svg.content(),
              AllOf(HasSubstr(">one<"), Not(HasSubstr(">none<")), Not(HasSubstr("nan"))));
}

// --- Markdown and JSON ---

TEST(ReportMarkdown, KeepsItsTablesAndNamesFilesThatAreThere) {
  for (const std::string& value : {std::string(), kHostile}) {
    const MarkdownFiles out = markdown_of(
        document_of(sample_capture(value), {Language::English, Template::Report, {}}), "figures");
    EXPECT_THAT(out.text, Not(HasSubstr("\n<script")));
    std::set<std::string> names;
    for (const auto& file : out.files) {
      EXPECT_TRUE(names.insert(file.name).second) << file.name << " twice";
      EXPECT_THAT(out.text, HasSubstr("](figures/" + file.name + ")"));
      EXPECT_EQ(test::read_markup(file.content).error, "");
    }
    EXPECT_GE(names.size(), 6U);
  }
}

TEST(ReportMarkdown, NoBodyEndsItsFence) {
  const Capture capture = sample_capture("\n```\n# heading\n````\n");
  const std::string text =
      markdown_of(document_of(capture, {Language::English, Template::Report, {}}), "f").text;
  EXPECT_THAT(text, HasSubstr("`````http\n"));
}

TEST(ReportJson, IsValidAndHasTheFramesNumbers) {
  for (const std::string& value : {std::string(), kHostile}) {
    const std::string json = json_of(sample_capture(value), {});
    EXPECT_EQ(test::json_error(json), "");
    EXPECT_THAT(json, AllOf(HasSubstr("\"schema\":\"glasstcp-report/1\""),
                            HasSubstr("\"raw_seq\":3589965652"), HasSubstr("\"next_seq\":652"),
                            HasSubstr("\"kind\":\"three-closes\""),
                            HasSubstr("\"client_state\":\"FIN-WAIT-1\"")));
  }
}

}  // namespace
}  // namespace glasstcp::report
