/* NPZ: several NPY arrays in a ZIP archive, as np.savez writes them. Which arrays are features and
 * targets: x_train and y_train, x_test and y_test by the split; else X and y, x and y, data and
 * target, features and labels; or the target by options->target. */
#ifndef SML_DATA_READERS_NPZ_H
#define SML_DATA_READERS_NPZ_H

#include "data/readers/reader.h"

extern const sml__reader sml__npz_reader;

#endif
