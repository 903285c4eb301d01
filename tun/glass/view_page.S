// The live view in one file, as read-only data; only where it was built. Read with: view_page.h.

    .section .rodata.glasstcp_view_page, "a", %progbits
    .balign 64
    .global glasstcp_view_page_begin
    .hidden glasstcp_view_page_begin
    .type glasstcp_view_page_begin, %object
glasstcp_view_page_begin:
    .incbin "index.html"
    .global glasstcp_view_page_end
    .hidden glasstcp_view_page_end
    .type glasstcp_view_page_end, %object
glasstcp_view_page_end:
    .size glasstcp_view_page_begin, glasstcp_view_page_end - glasstcp_view_page_begin
    .byte 0

    .section .note.GNU-stack, "", %progbits
