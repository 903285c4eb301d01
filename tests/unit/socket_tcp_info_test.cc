// TCP_INFO: a report in Linux's numbers.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <utility>

#include "stack/socket/socket_layer.h"
#include "stack/socket/socket_object.h"

namespace glasstcp {
namespace {

TEST(TcpInfo, HasLinuxNumberOfEachState) {
  const std::pair<State, int> rows[] = {{State::Established, TCP_ESTABLISHED},
                                        {State::SynSent, TCP_SYN_SENT},
                                        {State::SynReceived, TCP_SYN_RECV},
                                        {State::FinWait1, TCP_FIN_WAIT1},
                                        {State::FinWait2, TCP_FIN_WAIT2},
                                        {State::TimeWait, TCP_TIME_WAIT},
                                        {State::Closed, TCP_CLOSE},
                                        {State::CloseWait, TCP_CLOSE_WAIT},
                                        {State::LastAck, TCP_LAST_ACK},
                                        {State::Listen, TCP_LISTEN},
                                        {State::Closing, TCP_CLOSING}};
  for (const auto& [state, number] : rows) {
    ConnectionReport report;
    report.tcb.state = state;
    EXPECT_EQ(linux_state(state), number);
    EXPECT_EQ(tcp_info_of(report, Instant{}).tcpi_state, number);
  }
}

TEST(TcpInfo, SaysWhatLossRecoveryIsDoing) {
  const auto state_of = [](RecoveryPhase phase, std::uint32_t sacked, std::uint32_t again) {
    ConnectionReport report;
    report.phase = phase;
    report.tcb.sacked = sacked;
    report.tcb.retransmissions = again;
    return static_cast<int>(tcp_info_of(report, Instant{}).tcpi_ca_state);
  };
  EXPECT_EQ(state_of(RecoveryPhase::Open, 0, 0), TCP_CA_Open);
  EXPECT_EQ(state_of(RecoveryPhase::Open, 1000, 0), TCP_CA_Disorder);
  EXPECT_EQ(state_of(RecoveryPhase::Open, 0, 1), TCP_CA_Loss) << "a SYN or a probe was repeated";
  EXPECT_EQ(state_of(RecoveryPhase::Cwr, 0, 0), TCP_CA_CWR);
  EXPECT_EQ(state_of(RecoveryPhase::FastRecovery, 1000, 0), TCP_CA_Recovery);
  EXPECT_EQ(state_of(RecoveryPhase::Timeout, 0, 1), TCP_CA_Loss);
}

}  // namespace
}  // namespace glasstcp
