// The terms of Chinese sentences: a word that means the same and is not used, and the one that is.
#pragma once

#include <gtest/gtest.h>

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
};

inline void expect_terms_of_the_glossary(std::string_view name, std::string_view sentence) {
  for (const auto& [not_this, but_this] : kOtherTerms) {
    EXPECT_EQ(sentence.find(not_this), std::string_view::npos)
        << name << ": " << sentence << ": not " << not_this << " but " << but_this;
  }
}

}  // namespace glasstcp::test
