// The catalogue of help pages. See chinese.h.
#include <array>

#include "tun/cli/chinese.h"

namespace glasstcp {
namespace {

constexpr auto kRows = std::to_array<Translation>({
    // Headings.
    {"Usage: glasstcp [OPTIONS] SUBCOMMAND", "用法：glasstcp [选项] 命令"},
    {"Usage: glasstcp {} [OPTIONS] {}", "用法：glasstcp {} [选项] {}"},
    {"Usage: glasstcp {} [OPTIONS]", "用法：glasstcp {} [选项]"},
    {"Options:", "选项："},
    {"Subcommands:", "命令："},
    {"Positionals:", "参数："},
    {"Network:", "网络："},
    {"Site:", "网站："},
    {"TCP:", "TCP："},
    {"Link:", "链路："},
    {"Watching:", "观察："},

    // The program.
    {"glasstcp: a userspace TCP/IP stack that explains itself",
     "glasstcp：会解释自己的用户空间 TCP/IP 协议栈"},
    {"print the version", "显示版本"},
    {"print what completes this command line", "输出命令行补全脚本"},
    {"print this help", "显示本帮助"},
    {"'{}' says what a command takes.", "'{}' 说明每个命令的选项。"},
    {"Exit status: 0 done, 1 failed (one line says why, and what to do), 2 wrong usage; get: "
     "curl's.",
     "退出状态：0 完成；1 失败（用一行说明原因和办法）；2 用法错误；get 的与 curl 相同。"},
    {"Example: {}", "示例：{}"},
    {"serve a site over HTTP on a TUN interface", "在 TUN 接口上用 HTTP 提供网站"},
    {"say what is missing to serve, and how to fix it", "说明运行 serve 还缺少什么，以及怎样解决"},
    {"write the built-in page out, to edit", "写出内置网页，供您修改"},
    {"fetch a URL over our own TCP, as a client", "作为客户端，用本程序的 TCP 获取一个 URL"},
    {"write the laboratory report of a capture, ours or anybody's",
     "根据抓包（本程序的或其他程序的）写出实验报告"},

    {"read from a running server what passes, with its reasons, as pcapng",
     "从正在运行的服务器读取经过的分组及其原因，格式为 pcapng"},
    {"write the plugin and the profile with which Wireshark shows our reasons",
     "写出让 Wireshark 显示原因的插件和配置"},

    // The interface.
    {"our IPv4 address and its network", "本端的 IPv4 地址及其网络"},
    {"our IPv6 address and its network", "本端的 IPv6 地址及其网络"},
    {"the kernel's address in that network", "内核在该网络中的地址"},
    {"name of the TUN interface", "TUN 接口的名称"},
    {"the first free tunN", "第一个空闲的 tunN"},
    {"TCP port to serve on", "提供服务的 TCP 端口"},
    {"MTU of the interface in bytes", "接口的 MTU，单位：字节"},
    {"let the kernel {} segments and complete checksums: fast (on); 'off' puts every segment on "
     "the interface as it is",
     "让内核{}报文段并补全检验和，速度快（on）；'off' 则接口上的每个报文段都保持原样"},
    {"split", "拆分"},
    {"merge", "合并"},
    {"simulate a bad link; effects separated by commas, each in both directions, or in one with "
     "the prefix in: or out: {}; --seed repeats the same losses",
     "模拟不良链路；各种影响用逗号分隔，默认两个方向，前缀 in: 或 out: 表示一个方向：{}；用 --seed "
     "可重现同样的丢失"},
    {"poll for packets this long before sleeping, in microseconds",
     "休眠之前轮询分组的时间，单位：微秒"},
    {"make it reachable at this machine's own addresses (nftables; switches on forwarding)",
     "使网站可以通过本机自己的地址访问（用 nftables，并打开转发）"},

    // The site.
    {"folder to serve", "要提供的文件夹"},
    {"a built-in page", "内置网页"},
    {"let browsers reuse files for S seconds without asking",
     "允许浏览器在 S 秒内不经询问就重用文件"},
    {"they ask each time", "每次都询问"},
    {"list the files of folders that have no index.html", "列出没有 index.html 的文件夹中的文件"},
    {"add this field to every response; may be given several times",
     "在每个响应中加上这个首部字段；可以给出多次"},
    {"discard and count what is uploaded to this path", "丢弃上传到此路径的内容，只计算字节数"},
    {"nowhere", "没有"},
    {"bytes a second that clients must take or send while memory is short, or are ended; 0: any",
     "内存不足时客户每秒至少接收或发送的字节数，否则结束连接；0 表示不限"},
    {"how long they alone must have been waited for", "只因客户而等待多久之后才生效"},
    {"user to run as once set up", "准备完成后以哪个用户运行"},
    {"who called sudo; in a container the owner of the site; else nobody",
     "调用 sudo 的用户；在容器中是网站的所有者；否则是 nobody"},
    {"who called sudo, else nobody", "调用 sudo 的用户，否则是 nobody"},
    {"once set up, let the kernel refuse whatever the server does not need: files outside the "
     "site, "
     "new programs and connections (on); 'off' is for debuggers, sanitizers and LD_PRELOAD",
     "准备完成后，让内核拒绝服务器不需要的一切：网站以外的文件、新的程序和连接（on）；"
     "'off' 用于调试器、sanitizer 和 LD_PRELOAD"},
    {"write a line per request in the combined log format; '-' is stdout",
     "每个请求写一行，用 combined 日志格式；'-' 表示标准输出"},

    // TCP.
    {"scaled windows, if the peer agrees", "窗口扩大选项，双方同意时使用"},
    {"timestamps, if the peer agrees", "时间戳选项，双方同意时使用"},
    {"selective acknowledgments, if the peer agrees", "选择确认，双方同意时使用"},
    {"explicit congestion notification: never, when the peer asks, or always asked for",
     "显式拥塞通知：不用、对方请求时使用、主动请求"},
    {"MSS that we offer; 0: from the MTU", "本端通告的 MSS；0 表示由 MTU 算出"},
    {"SYN cookies, handshakes without state: never, when the table is full, or always",
     "SYN Cookie，不保存状态的握手：不用、表满时使用、一律使用"},
    {"a window grows up to this", "接收窗口最多增大到此值"},
    {"how long an ACK may be delayed; 0: not at all", "ACK 最多延迟多久以便捎带；0 表示不延迟"},
    {"small segments wait while data is in flight", "有在途数据时，短报文段要等待"},
    {"congestion control: New Reno, CUBIC or BBR", "拥塞控制算法：New Reno、CUBIC 或 BBR"},
    {"initial congestion window in segments", "初始拥塞窗口的报文段数"},
    {"the first slow start ends when delay rises", "时延增大时结束第一次慢开始"},
    {"spread a window of data over a round trip", "把一个窗口的数据均匀分布在往返时间内"},
    {"losses are found by time; off: by counting reports",
     "按时间判断丢失；off：按选择确认报告的数量判断"},
    {"probe for a lost last segment before its timeout", "超时之前先探测最后一个报文段"},
    {"retransmission timeout without a measurement", "尚未测量往返时间时的超时重传时间"},
    {"the least retransmission timeout", "超时重传时间的下限"},
    {"the most", "超时重传时间的上限"},
    {"maximum segment lifetime: TIME-WAIT lasts twice that",
     "最长报文段寿命（MSL）：TIME-WAIT 持续其两倍"},
    {"one budget for all buffers", "所有缓存的内存总量"},
    {"repeat the random choices of a run; not for open networks",
     "重现某次运行的随机选择；不可用于开放的网络"},
    {"random", "随机"},

    // Watching.
    {"print on stderr what happens and why; packets of one kind in a row are folded into one line; "
     "-vv: a line for each packet; --verbose=states: only handshakes, closes and changes of state",
     "在标准错误输出上说明发生了什么、为什么；连续的同类分组合并为一行；-vv：每个分组一行；"
     "--verbose=states：只说明握手、连接释放和状态变化"},
    {"colours and marks of --verbose, by what a packet is about; auto: on a terminal, unless "
     "NO_COLOR is set",
     "--verbose 的颜色和标记，按分组的类别；auto：在终端上使用，除非设置了 NO_COLOR"},
    {"write every packet and its reason to a pcapng file; '-' is stdout",
     "把每个分组及其原因写入 pcapng 文件；'-' 表示标准输出"},
    {"keep only the first N bytes of each", "每个分组只保留前 N 字节"},
    {"write the capture to files of at most this size, in turn: FILE_1, FILE_2, ...",
     "把抓包轮流写入不超过该大小的文件：FILE_1、FILE_2……"},
    {"one file, however large", "一个文件，大小不限"},
    {"number of files; then the oldest is overwritten", "文件的个数；写满后覆盖最旧的一个"},
    {"comments of each packet in the capture: sentences for people, fields for programs",
     "抓包中每个分组的注释：text 供人阅读，fields 供程序使用"},
    {"language of messages", "消息的语言"},
    {"language of the report", "报告的语言"},
    {"from LC_ALL, LC_MESSAGES or LANG", "由 LC_ALL、LC_MESSAGES 或 LANG 决定"},
    {"keep so many bytes of the packets that passed lately, for /_glass/capture.pcapng; part of "
     "--memory",
     "为 /_glass/capture.pcapng 保留最近经过的分组，最多这么多字节；计入 --memory"},
    {"who may see /_glass/; may be given several times", "谁可以访问 /_glass/；可以给出多次"},
    {"the networks of the link and of this machine's interfaces", "链路的网络和本机各接口的网络"},
    {"a name under which /_glass/ may be asked for, beside addresses and localhost; may be given "
     "several times",
     "除地址和 localhost 外，可以用来访问 /_glass/ 的主机名；可以给出多次"},
    {"serve no live view at /_glass/ (captures and the lab page stay there)",
     "不在 /_glass/ 提供实时视图（抓包和实验页面仍在那里）"},
    {"let whoever may see the live view turn its switches: the link (with --offload off) and "
     "settings "
     "of TCP",
     "允许可以查看实时视图的人操作其中的开关：链路（需 --offload off）和 TCP 的设置"},
    {"none", "无"},
    {"all", "全部"},
    {"stdout", "标准输出"},
    {"Needs the capability NET_ADMIN (sudo, or {}), which it gives up once it is set up.",
     "需要权能 NET_ADMIN（用 sudo，或加上 {}），准备完成后即放弃。"},

    // get.
    {"http://HOST[:PORT][/PATH]; an IPv6 address is written in brackets",
     "http://HOST[:PORT][/PATH]；IPv6 地址写在方括号中"},
    {"write to this file", "写入此文件"},
    {"request these bytes only", "只请求这些字节"},
    {"request the head only, and write it", "只请求首部，并将其写出"},
    {"do not write the page of an HTTP error (400 and above): exit 22",
     "HTTP 出错（400 及以上）时不写出网页，退出码为 22"},
    {"give up after S seconds without progress", "S 秒没有进展就放弃"},
    {"30 to connect, then 60", "建立连接时 30，之后 60"},
    {"whose TCP: ours on a TUN interface, or the kernel's",
     "用哪个 TCP：本程序的（在 TUN 接口上），或内核的"},
    {"stack", "stack"},
    {"Needs the capability NET_ADMIN as serve does; --via kernel needs no rights. Packets to other "
     "machines, and to a running serve, pass through the kernel: '{}'.",
     "与 serve 一样需要权能 NET_ADMIN；--via kernel 不需要任何权限。发往其他机器以及正在运行的 "
     "serve 的分组要经过内核转发：'{}'。"},
    {"Exit codes are curl's: 3 malformed URL, 6 no such host, 7 refused or no route, 18 cut short, "
     "22 HTTP error with --fail, 23 cannot write, 28 timed out, 52 empty reply, 56 reset.",
     "退出码与 curl 相同：3 URL 格式错误，6 找不到主机，7 被拒绝或没有路由，18 提前结束，22 "
     "使用 --fail 时 HTTP 出错，23 无法写入，28 超时，52 没有应答，56 被复位。"},

    // capture, status, wireshark-files.
    {"show the counters, connections, memory and options of a running server",
     "显示正在运行的服务器的计数器、连接、内存和选项"},
    {"print JSON, for programs", "输出 JSON，供程序使用"},
    {"For root and the user who started the server. Counters are those since its start; those that "
     "are 0 are left out, but not with --json. On SIGUSR1 a server prints the same on its stderr.",
     "供 root 和启动服务器的用户使用。计数从服务器启动时开始；为 0 的不显示，用 --json "
     "时全部输出。收到 SIGUSR1 时，服务器在自己的 stderr 上输出同样的内容。"},
    {"only packets that match, as tcpdump's: '{}'", "只要匹配的分组，写法与 tcpdump 相同：'{}'"},
    {"the server on this TUN interface", "此 TUN 接口上的服务器"},
    {"the only one that runs here", "此处唯一正在运行的"},
    {"For root and the user who started the server. Ctrl-C ends it.",
     "供 root 和启动服务器的用户使用。按 Ctrl-C 结束。"},

    // replay.
    {"run a capture of the lab again, and compare it byte for byte",
     "重新运行实验的抓包，并逐字节比较"},
    {"a capture that 'glasstcp lab' or the lab page wrote; '-' is stdin",
     "'glasstcp lab' 或实验页面写出的抓包文件；'-' 表示标准输入"},
    {"the text of the scenario, in place of the built-in one or the one in the capture",
     "场景的文本，代替内置场景或抓包中所附的文本"},
    {"The capture says which scenario, seed, settings and edits made it; nothing is sent anywhere. "
     "A difference is told by its frame.",
     "抓包中写明了产生它的场景、种子、设置和改动；不会向任何地方发送分组。如有不同，会指出是第几帧"
     "。"},
    {"Exit status: 0 if all frames are the same, else 1.",
     "退出状态：所有帧都相同为 0，否则为 1。"},

    // lab.
    {"show how TCP behaves, scenario by scenario, without a network or rights",
     "逐个场景演示 TCP 的行为，不需要网络和权限"},
    {"'list' prints the scenarios, 'all' writes the course, 'export DIR' writes the lab page, "
     "where "
     "all of this runs in a browser; for teachers: 'secret FILE', 'quiz NAME', 'key NAME', 'grade "
     "NAME'; else the name of a scenario, or a file with one",
     "'list' 列出场景，'all' 写出课程，'export DIR' "
     "写出在浏览器中运行这一切的实验页面；供教师使用："
     "'secret FILE'、'quiz NAME'、'key NAME'、'grade NAME'；否则为场景的名称，或含有场景的文件"},
    {"of 'export': folder to write the page to; of 'quiz', 'key' and 'grade': the scenario; of "
     "'secret': the file to write",
     "用于 'export'：写入页面的文件夹；用于 'quiz'、'key' 和 'grade'：场景；用于 "
     "'secret'：要写出的文件"},
    {"chooses what the scenario leaves open: sizes, delays, which segment is lost",
     "选择场景未定的内容：大小、时延、丢失哪个报文段"},
    {"change one thing: a setting of both ends or of one (sack=off, client.nagle=off), the link "
     "(link.delay=50ms, server.link.loss=2%), or what the seed would choose; may be given several "
     "times",
     "改变一个条件：两端或一端的设置（sack=off、client.nagle=off），链路（link.delay=50ms、"
     "server.link.loss=2%），或原由种子选择的内容；可以给出多次"},
    {"do something to one packet: 'lose client packet 3', 'delay server data 2 by 20ms', "
     "'duplicate client packet 1 after 5ms', 'mark server data 4'; may be given several times",
     "对一个分组做一件事：'lose client packet 3'（丢失）、'delay server data 2 by 20ms'（推迟）、"
     "'duplicate client packet 1 after 5ms'（重复）、'mark server data "
     "4'（打拥塞标记）；可以给出多次"},
    {"write what one end sent and received, with the reasons, to a pcapng file; '-' is stdout",
     "把一端发送和接收的分组及其原因写入 pcapng 文件；'-' 表示标准输出"},
    {"whose packets --capture takes (the end that shows it best)",
     "--capture 记录哪一端的分组（默认为最能说明问题的一端）"},
    {"of 'all': folder to write the course to, with its captures; of 'quiz': folder for one folder "
     "per "
     "student; of 'key' and 'grade': the table to write",
     "用于 'all'：写入课程及其抓包的文件夹；用于 'quiz'：存放每名学生一个文件夹的文件夹；用于 "
     "'key' 和 "
     "'grade'：要写出的表格"},
    {"of 'quiz', 'key' and 'grade': the teacher's secret, which every student's quiz comes from; "
     "'lab "
     "secret FILE' makes one",
     "用于 'quiz'、'key' 和 'grade'：教师的密钥，每名学生的测验都由它产生；用 'lab secret FILE' "
     "生成"},
    {"of 'quiz', 'key' and 'grade': student numbers, one in a line, or a CSV table with a column "
     "'student'",
     "用于 'quiz'、'key' 和 'grade'：学号，每行一个，或带有“学号”列的 CSV 表格"},
    {"of 'key': one student instead of --students; with --capture also the capture, with the "
     "reasons",
     "用于 'key'：一名学生，代替 --students；加上 --capture 还写出带原因的抓包"},
    {"of 'grade': folder with the answers.txt that were handed in, in folders or with other names",
     "用于 'grade'：存放已提交的 answers.txt 的文件夹，可以在子文件夹中，也可以用其他文件名"},
    {"draw ladders with ASCII characters alone", "时序图只用 ASCII 字符"},
    {"colours by what a packet is about; auto: on a terminal, unless NO_COLOR is set",
     "按分组的类别着色；auto：在终端上着色，除非设置了 NO_COLOR"},
    {"Two hosts with this program's own TCP, a link between them, and a clock that need not wait: "
     "the same every time.",
     "两台使用本程序 TCP 的主机，其间是一条链路，时钟不必等待：每次结果都相同。"},

    // doctor, site, report.
    {"only ask whether a server answers (for health checks)", "只询问服务器是否应答（供健康检查）"},
    {"Looks at the device, the rights, the addresses, IPv6, forwarding and proxies as 'serve' with "
     "the same options would find them; so run it as you would run that.",
     "按 'serve' 用同样选项运行时的情形，检查设备、权限、地址、IPv6、转发和代理；因此请用与运行 "
     "serve 相同的方式运行它。"},
    {"Exit status: 0 if 'serve' would work or works already (with --serving: if a server answers "
     "over IPv4, and over IPv6 where that is possible), else 1.",
     "退出状态：'serve' 可以工作或已在工作时为 0（用 --serving 时：服务器通过 IPv4 "
     "应答，并在可能时通过 IPv6 应答），否则为 1。"},
    {"folder to write to; nothing there is overwritten", "要写入的文件夹；不会覆盖其中已有的文件"},
    {"a pcap or pcapng file; '-' is stdin", "pcap 或 pcapng 文件；'-' 表示标准输入"},
    {"as one page that needs nothing beside it (this is the default)",
     "写成一个独立的网页（默认）"},
    {"as Markdown, in this folder: report.md and its figures",
     "写成 Markdown，放入此文件夹：report.md 及其图"},
    {"as JSON: every value behind the report", "写成 JSON：报告所依据的全部数值"},
    {"one figure alone, as SVG: ladder, sequence, window, rtt, throughput or close",
     "只画一幅图（SVG）：ladder、sequence、window、rtt、throughput 或 close"},
    {"only this connection; Wireshark's tcp.stream + 1",
     "只分析这条连接；编号为 Wireshark 的 tcp.stream + 1"},
    {"'homework' leaves the answers to you: chapters, figures, frame numbers, questions",
     "'homework' 由您自己作答：给出章节、图、帧号和问题"},
    {"Reads Ethernet, Linux cooked, raw IP and loopback captures of tcpdump, Wireshark and 'serve "
     "--capture'. Needs no rights.",
     "可读取 tcpdump、Wireshark 和 'serve --capture' 的以太网、Linux cooked、原始 IP "
     "和环回抓包。不需要任何权限。"},
});

}  // namespace

std::span<const Translation> chinese_help() {
  return kRows;
}

}  // namespace glasstcp
