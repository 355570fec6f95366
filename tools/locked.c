#include "locked.h"

#include <openssl/crypto.h>
#include <sys/mman.h>

#include "say.h"

int sfu_locked_new(size_t size, void **memory)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*memory = NULL;
	if (at == MAP_FAILED)
		return sfu_fail_errno(EX_OSERR, NULL, "there is no memory for a secret");
	if (mlock(at, size) != 0 || madvise(at, size, MADV_DONTDUMP) != 0 ||
		madvise(at, size, MADV_WIPEONFORK) != 0) {
		const int status = sfu_fail_errno(
			EX_OSERR, NULL, "memory for a secret cannot be locked (see `ulimit -l`)");

		munmap(at, size);
		return status;
	}
	*memory = at;
	return 0;
}

void sfu_locked_free(void *memory, size_t size)
{
	if (memory == NULL)
		return;
	OPENSSL_cleanse(memory, size);
	munmap(memory, size);
}
