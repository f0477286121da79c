"""Prints the draws that random_test.cpp holds: Philox4x32-10 and the key mixing written a second time, in plain Python."""
import math

WORD32 = 0xFFFFFFFF
WORD64 = 0xFFFFFFFFFFFFFFFF


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & WORD32, (a >> 32) ^ c[3] ^ k[1], a & WORD32]
        k = [(k[0] + 0x9E3779B9) & WORD32, (k[1] + 0xBB67AE85) & WORD32]
    return c


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & WORD64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & WORD64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & WORD64
    return x ^ (x >> 31)


def stream(seed, epoch, index, view):
    key = mix(mix(mix(seed) ^ epoch) ^ view)
    block = 0
    while True:
        yield from philox([block & WORD32, block >> 32, index & WORD32, index >> 32], [key & WORD32, key >> 32])
        block += 1


def below(words, n):
    """Lemire's method, n < 2^32."""
    product = next(words) * n
    while (product & WORD32) < (2**32 - n) % n:
        product = next(words) * n
    return product >> 32


words = stream(1, 2, 3, 1)
print("bits", next(words))
print("uniform", (next(words) >> 8) * 2.0**-24)
print("below(1000)", below(words, 1000))
word = next(words) << 32 | next(words)
print("below(10^12)", word % 10**12)
u, v = (next(words) + 1) * 2.0**-32, next(words) * 2.0**-32
print("normal", repr(math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v)))
order = list(range(5))
for i in range(5, 1, -1):
    j = below(words, i)
    order[i - 1], order[j] = order[j], order[i - 1]
print("permutation(5)", order)
