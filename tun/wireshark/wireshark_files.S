// The files of scripts/wireshark and a zip archive of them, as read-only data. The paths are searched in the include
// path: that folder, and the one where CMake makes the archive. Read with: wireshark_files.h.

    .section .rodata.glasstcp_wireshark, "a", %progbits

    .macro wireshark_file name, path
    .balign 8
    .global glasstcp_wireshark_\name\()_begin
    .hidden glasstcp_wireshark_\name\()_begin
    .type glasstcp_wireshark_\name\()_begin, %object
glasstcp_wireshark_\name\()_begin:
    .incbin "\path"
    .global glasstcp_wireshark_\name\()_end
    .hidden glasstcp_wireshark_\name\()_end
    .type glasstcp_wireshark_\name\()_end, %object
glasstcp_wireshark_\name\()_end:
    .size glasstcp_wireshark_\name\()_begin, glasstcp_wireshark_\name\()_end - glasstcp_wireshark_\name\()_begin
    .byte 0
    .endm

    wireshark_file readme, "README.txt"
    wireshark_file plugin, "glasstcp.lua"
    wireshark_file preferences, "glasstcp/preferences"
    wireshark_file colorfilters, "glasstcp/colorfilters"
    wireshark_file buttons, "glasstcp/dfilter_buttons"
    wireshark_file archive, "wireshark.zip"

    .section .note.GNU-stack, "", %progbits
