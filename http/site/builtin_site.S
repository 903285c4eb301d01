// The bytes of the built-in page, as read-only data. The paths are searched in the include path, which is this folder.
// Works with GNU as and with clang's assembler, on any ELF machine. Read with: builtin_site.h.

    .section .rodata.glasstcp_site, "a", %progbits

    .macro site_file name, path
    .balign 64
    .global glasstcp_site_\name\()_begin
    .hidden glasstcp_site_\name\()_begin
    .type glasstcp_site_\name\()_begin, %object
glasstcp_site_\name\()_begin:
    .incbin "\path"
    .global glasstcp_site_\name\()_end
    .hidden glasstcp_site_\name\()_end
    .type glasstcp_site_\name\()_end, %object
glasstcp_site_\name\()_end:
    .size glasstcp_site_\name\()_begin, glasstcp_site_\name\()_end - glasstcp_site_\name\()_begin
    .byte 0
    .endm

    site_file index, "www/index.html"
    site_file wire, "www/wire.html"
    site_file favicon, "www/favicon.ico"
    site_file logo, "www/img/logo.jpg"
    site_file background, "www/img/bg.jpg"
    site_file music, "www/img/idol.mp3"

    .section .note.GNU-stack, "", %progbits
