/* Hides AVX-512, AVX-VNNI and AMX from a program and all that it starts, to compare programs on processors without them.
 *
 *     gcc -O2 -shared -fPIC -o /tmp/hide_avx512.so scripts/bench/hide_avx512.c
 *     LD_PRELOAD=/tmp/hide_avx512.so python scripts/bench/inference.py ...
 *
 * Linux on x86-64 processors that can make CPUID fault (`cpuid_fault` in /proc/cpuinfo). Every CPUID instruction then
 * raises SIGSEGV, and the handler answers it without these features. Programs that read /proc/cpuinfo still see them.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static int allow_cpuid(int allowed) { return syscall(SYS_arch_prctl, ARCH_SET_CPUID, allowed); }

/* The bits of leaf 7 that are kept: all but these features. */
#define BIT(i) (1u << (i))
static const unsigned B_0 = ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31));
static const unsigned C_0 = ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
static const unsigned D_0 = ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25));
static const unsigned A_1 = ~(BIT(4) | BIT(5) | BIT(21));

static void answer(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *code = (const unsigned char *)registers[REG_RIP];
    if (info->si_code != SI_KERNEL || code[0] != 0x0f || code[1] != 0xa2) {
        signal(number, SIG_DFL); /* Not CPUID: the instruction fails once more. */
        return;
    }
    unsigned leaf = registers[REG_RAX], part = registers[REG_RCX];
    unsigned a = leaf, b, c = part, d;
    allow_cpuid(1);
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    allow_cpuid(0);
    if (leaf == 7 && part == 0)
        b &= B_0, c &= C_0, d &= D_0;
    else if (leaf == 7)
        a &= A_1, b = c = d = 0;
    registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void hide(void) {
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    if (allow_cpuid(0)) {
        perror("hide_avx512: this processor or kernel cannot make CPUID fault");
        exit(1);
    }
}
