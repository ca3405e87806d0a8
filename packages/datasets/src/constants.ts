/** Per-channel constants for `standardize`, after pixels were scaled to `[0, 1]`. */
export interface ChannelConstants {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/** MNIST, as in the code of DC, MTT and HaBa. */
export const mnistConstants: ChannelConstants = { mean: [0.1307], std: [0.3081] }

/** FashionMNIST, as in the code of DC, MTT and HaBa. */
export const fashionMnistConstants: ChannelConstants = { mean: [0.2861], std: [0.353] }

/** SVHN, as in the code of DC, MTT and HaBa. */
export const svhnConstants: ChannelConstants = { mean: [0.4377, 0.4438, 0.4728], std: [0.198, 0.201, 0.197] }

/**
 * CIFAR10, as in all published codes. The std is the mean of per-image standard deviations, which is smaller than that of all
 * pixels (0.245, 0.243, 0.261). So standardized pixels have a deviation of about 1.2; published numbers depend on it.
 */
export const cifar10Constants: ChannelConstants = { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] }

/** The constants of CIFAR100, used only by DC; MTT, HaBa, TESLA, CAFE, DCC and IDC use `cifar10Constants` on CIFAR100. */
export const cifar100Constants: ChannelConstants = { mean: [0.5071, 0.4866, 0.4409], std: [0.2673, 0.2564, 0.2762] }

/** ImageNet, also used for its 10-class subsets and for Tiny ImageNet. */
export const imageNetConstants: ChannelConstants = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
