"""Each call adds one more handler to the same logger. logging closes them when Python ends."""
import logging
import tempfile

folder = tempfile.mkdtemp()


def logger_of(job):
    logger = logging.getLogger("jobs")
    logger.addHandler(logging.FileHandler(f"{folder}/jobs.log"))  # LEAK
    return logger


for number in range(6):
    logger_of(number).warning("job %d", number)
