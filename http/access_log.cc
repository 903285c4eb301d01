// Lines of the access log. See access_log.h.
#include "http/access_log.h"

#include "http/date.h"

namespace glasstcp::http {

std::size_t write_log_line(TextWriter& out, const LoggedRequest& request,
                           const LoggedAnswer& answer) noexcept {
  const auto date = format_log_date(answer.unix_seconds);
  out.text(answer.peer.to_string()).text(" - - [").text({date.data(), date.size()}).text("] \"");
  out.escaped(request.line).text("\" ");
  out.number(static_cast<std::uint64_t>(answer.status)).text(" ");
  const std::size_t before_number = out.size();
  if (answer.bytes.has_value()) {
    out.number(*answer.bytes);
  } else {
    out.text("-");
  }
  out.text(" \"").escaped(request.referer).text("\" \"").escaped(request.user_agent);
  out.text("\"\n");
  return before_number;
}

}  // namespace glasstcp::http
