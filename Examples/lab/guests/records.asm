; A guest in one boot sector, in real mode, that writes numbered records to a disk of its own through the BIOS, some hundred in a
; second: each fills a sector, and is on the disk before the next is begun. It writes 'R' to the serial port when it runs,
; and 'E' when a record could not be written, which it then writes again.
;
; With CHUNK it writes that many sectors more after each record, behind all records: of the BIOS, which is no zeros.
;
; The sector of record N is N mod 4096. It begins with TEXT; word I behind that (32 bits, little-endian) is
; N + I * STEP mod 2^32.

SLOTS   equ     4096
STEP    equ     0x9e3779b1
SECTOR  equ     0x8000

bits 16
org 0x7c00
        cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7000
        cld
        xor     dl, 1                   ; it was booted from one of two disks; the other has the records
        mov     [drive], dl
        mov     al, 0x34                ; timer 0, rate generator: 1,193,182 Hz / 11932
        out     0x43, al
        mov     al, 11932 & 0xff
        out     0x40, al
        mov     al, 11932 >> 8
        out     0x40, al
        mov     al, 'R'
        call    print

record: inc     dword [number]
        mov     di, SECTOR
        mov     si, text
        mov     cx, WORDS
        rep     movsd
        mov     eax, [number]
        mov     cx, 128 - WORDS
word1:  stosd
        add     eax, STEP
        loop    word1
        mov     ax, [number]
        and     ax, SLOTS - 1
        mov     [packet.sector], ax
        sti
        hlt
        mov     si, packet
        call    write
%if CHUNK
        mov     ax, [chunks]
        and     ax, 2 * SLOTS - 1
        add     ax, SLOTS
        mov     [bulk.sector], ax
        add     word [chunks], CHUNK
        mov     si, bulk
        call    write
%endif
        jmp     record

write:  mov     ax, 0x4300              ; extended write of the packet at SI
        mov     dl, [drive]
        int     0x13
        jnc     .done
        mov     al, 'E'
        call    print
        sti
        hlt
        jmp     write
.done:  ret

print:  mov     dx, 0x3f8
        out     dx, al
        ret

text:   db      "numbered record "
WORDS   equ     ($ - text) / 4
number: dd      0
drive:  db      0
        align   4
packet: db      16, 0
        dw      1
        dw      SECTOR, 0
.sector:
        dq      0
%if CHUNK
bulk:   db      16, 0
        dw      CHUNK
        dw      0, 0xf000
.sector:
        dq      0
chunks: dw      0
%endif

        times   510 - ($ - $$) db 0
        dw      0xaa55
