// The lab page in one file, as read-only data; only where it was built. Read with: lab_page.h.

    .section .rodata.glasstcp_lab_page, "a", %progbits
    .balign 64
    .global glasstcp_lab_page_begin
    .hidden glasstcp_lab_page_begin
    .type glasstcp_lab_page_begin, %object
glasstcp_lab_page_begin:
    .incbin "index.html"
    .global glasstcp_lab_page_end
    .hidden glasstcp_lab_page_end
    .type glasstcp_lab_page_end, %object
glasstcp_lab_page_end:
    .size glasstcp_lab_page_begin, glasstcp_lab_page_end - glasstcp_lab_page_begin
    .byte 0

    .section .note.GNU-stack, "", %progbits
