"""torch's DataLoader, for the peers that load with it."""
from torch.utils.data import DataLoader


def sizes(dataset, batch_size, workers):
    """The size of each batch, epoch after epoch; workers are processes."""
    loader = DataLoader(dataset, batch_size=batch_size, shuffle=True, num_workers=workers, persistent_workers=True)
    while True:
        for batch in loader:
            yield len(batch[-1])
