// rotate.c -- images of an IDX file, turned.
//
//   rotate DEGREES < IMAGES > TURNED     both IDX of unsigned bytes (N, height, width)
//
// Counter-clockwise about the centre. Pixel (y, x) of the result is the image at
//   (cy + dy cos t + dx sin t, cx + dx cos t - dy sin t),  dy = y - cy, dx = x - cx,
// linear between pixels and 0 beyond the edges.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void stop(const char *why) {
  fprintf(stderr, "rotate: %s\n", why);
  exit(1);
}

static size_t read_size(void) {
  size_t size = 0;
  for (int i = 0; i < 4; i++) {
    int byte = getchar();
    if (byte == EOF) stop("the file ends within its header");
    size = size << 8 | (size_t)byte;
    putchar(byte);
  }
  return size;
}

static double pixel(const unsigned char *image, long height, long width, long y, long x) {
  return y < 0 || x < 0 || y >= height || x >= width ? 0 : image[y * width + x];
}

static double between(const unsigned char *image, long height, long width, double y,
                      double x) {
  long top = (long)floor(y), left = (long)floor(x);
  double down = y - (double)top, right = x - (double)left;
  return (1 - down) * ((1 - right) * pixel(image, height, width, top, left) +
                       right * pixel(image, height, width, top, left + 1)) +
         down * ((1 - right) * pixel(image, height, width, top + 1, left) +
                 right * pixel(image, height, width, top + 1, left + 1));
}

static void turn(const unsigned char *image, long height, long width, double angle) {
  double cy = 0.5 * (double)(height - 1), cx = 0.5 * (double)(width - 1);
  double c = cos(angle), s = sin(angle);
  for (long y = 0; y < height; y++) {
    for (long x = 0; x < width; x++) {
      double dy = (double)y - cy, dx = (double)x - cx;
      putchar((int)lround(
          between(image, height, width, cy + dy * c + dx * s, cx + dx * c - dy * s)));
    }
  }
}

int main(int argc, char **argv) {
  char *end = NULL;
  double degrees = argc == 2 ? strtod(argv[1], &end) : NAN;
  if (!isfinite(degrees) || *end) stop("expected: rotate DEGREES < IMAGES > TURNED");
  if (read_size() != 0x0803) stop("expected IDX of unsigned bytes in 3 dimensions");
  size_t n = read_size(), height = read_size(), width = read_size();
  if (!height || !width || height > 4096 || width > 4096) stop("sides of 1 to 4096 expected");
  unsigned char *image = malloc(height * width);
  if (!image) stop("no memory");
  for (size_t i = 0; i < n; i++) {
    if (fread(image, 1, height * width, stdin) != height * width) stop("the file is cut short");
    turn(image, (long)height, (long)width, degrees * acos(-1) / 180);
  }
  free(image);
  return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
