"""One epoch on MNIST in PyTorch, from the files to the accuracy: pytorch.py FOLDER SEED"""

import sys

import numpy as np
import torch
from torch import nn


def read(name, offset):
    return torch.from_numpy(np.fromfile(f"{sys.argv[1]}/{name}", np.uint8)[offset:])


def read_set(name):
    images = read(f"{name}-images-idx3-ubyte", 16).view(-1, 784).float().div_(255)
    return images, read(f"{name}-labels-idx1-ubyte", 8).long()


train_x, train_y = read_set("train")
test_x, test_y = read_set("t10k")

torch.manual_seed(int(sys.argv[2]))
net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
nn.init.kaiming_normal_(net[0].weight, nonlinearity="relu")
nn.init.xavier_uniform_(net[2].weight)
optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
loss_of = nn.CrossEntropyLoss()
for batch in torch.randperm(len(train_x)).split(128):
    optimizer.zero_grad(set_to_none=True)
    loss_of(net(train_x[batch]), train_y[batch]).backward()
    optimizer.step()

with torch.inference_mode():
    right = (net(test_x).argmax(dim=1) == test_y).float().mean().item()
print(f"test accuracy {100 * right:.2f}%")
