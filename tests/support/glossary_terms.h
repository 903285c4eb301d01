// The terms of Chinese sentences: a word that means the same and is not used, and the one that is;
// and their marks, which take the width of a character.
#pragma once

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <string_view>

namespace glasstcp::test {

/// What the textbooks call otherwise, and what it is called here. One word of each pair is used
// throughout, so that a reader finds it again.
inline constexpr struct {
  std::string_view not_this, but_this;
} kOtherTerms[] = {
    {"乱序", "失序"},         {"空洞", "缺口"},
    {"监听", "收听"},         {"回答", "应答（分组）、响应（HTTP）"},
    {"校验和", "检验和"},     {"慢启动", "慢开始"},
    {"慢速启动", "慢开始"},   {"快重传", "快速重传"},
    {"快恢复", "快速恢复"},   {"坚持", "持续计时器"},
    {"定时器", "计时器"},     {"超时器", "计时器"},
    {"冗余", "重复确认"},     {"累计", "累积确认"},
    {"重发", "重传"},         {"伪重传", "虚假重传"},
    {"握手包", "报文段"},     {"数据包", "分组"},
    {"封包", "分组"},         {"头部", "首部"},
    {"标头", "首部"},         {"挥手报文", "报文段"},
    {"拥塞避让", "拥塞避免"}, {"报文段最长寿命", "最长报文段寿命"},
    {"时间戳记", "时间戳"},   {"流控制", "流量控制"},
    {"顺序号", "序号"},       {"传输层", "运输层"},
    {"重置", "复位"},         {"传输控制区块", "传输控制块"},
    {"实际序号", "原始序号"}, {"实际确认号", "原始确认号"},
    {"数据传送", "数据传输"}, {"改一改", "改变条件"},
};

/// The first place where a mark of half a character's width stands beside a Chinese character, with
/// what is around it; empty: there is none. A blank between them does not help. Entities and tags
/// of HTML are no marks.
inline std::string half_width_mark(const std::string& told) {
  // Bytes of UTF-8: a character from U+3400 on has three; letters, digits and code have marks of
  // their own.
  static const std::string kHan = "(?:[\xe3-\xe9][\x80-\xbf][\x80-\xbf])";
  static const std::regex kMark(kHan + "(?:[,;?!]|:(?![0-9])| \\(|\\((?!\\)))|[,;?!] ?" + kHan +
                                "|[^\\w(]\\) ?" + kHan);
  static const std::regex kInline("</?(?:a|b|em|strong|span)(?: [^>]*)?>");
  static const std::regex kMarkup("&[a-z0-9#]+;|</?[a-z][^>]*>");
  const std::string text = std::regex_replace(std::regex_replace(told, kInline, ""), kMarkup, "\n");
  std::smatch found;
  if (!std::regex_search(text, found, kMark)) return {};
  const auto at = static_cast<std::size_t>(found.position());
  const std::size_t begin = at < 30 ? 0 : at - 30;
  return text.substr(begin, at - begin + static_cast<std::size_t>(found.length()) + 30);
}

inline void expect_chinese_marks(std::string_view name, const std::string& text) {
  EXPECT_EQ(half_width_mark(text), "") << name;
}

inline void expect_terms_of_the_glossary(std::string_view name, std::string_view sentence) {
  for (const auto& [not_this, but_this] : kOtherTerms) {
    EXPECT_EQ(sentence.find(not_this), std::string_view::npos)
        << name << ": " << sentence << ": not " << not_this << " but " << but_this;
  }
  expect_chinese_marks(name, std::string(sentence));
}

}  // namespace glasstcp::test
